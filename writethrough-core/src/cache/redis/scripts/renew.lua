-- RENEW: a writer moves its deadline, or returns to a fence that was lost.
--
-- ARGV     a key: stamp (16 bytes), lasting (µs)
-- returns  '1' if the token was still there, else '0'
--
-- Invariant: a writer that was gone comes back contended, so that it cannot end in a value.

return each(2, function(key, entry, at)
  local fenced = entry and entry.kind == 'F'
  local tokens, contended = fenced and entry.tokens or {}, fenced and entry.contended
  local deadline = now + tonumber(ARGV[at + 1])
  for i, held in ipairs(tokens) do
    if is(held, ARGV[at]) then
      tokens[i] = token(ARGV[at], deadline)
      return '1', put_fence(key, tokens, contended, entry)
    end
  end
  tokens[#tokens + 1] = token(ARGV[at], deadline)
  return '0', put_fence(key, tokens, true, entry)
end)
