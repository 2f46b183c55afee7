-- FENCE: a writer joins the fence, or puts one up.
--
-- ARGV     a key: nonce (8 bytes), lasting (µs)
-- returns  '1' if a value stood there, else '0'; and the stamp
--
-- Invariant: whatever stood there is not served any more, and no lease survives. A fence with two writers is
-- contended.

return each(2, function(key, entry, at)
  local fenced = entry and entry.kind == 'F'
  local stamp = now_bytes .. ARGV[at]
  local tokens = fenced and entry.tokens or {}
  tokens[#tokens + 1] = token(stamp, now + tonumber(ARGV[at + 1]))
  local was_cached = entry and entry.kind == 'V'
  return (was_cached and '1' or '0') .. stamp, put_fence(key, tokens, fenced, entry)
end)
