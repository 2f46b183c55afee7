-- FINISH: a writer leaves the fence, and a clean one becomes the value.
--
-- ARGV     a key: stamp (16 bytes), payload, ttl (µs, or '' when no value may follow)
-- returns  'refreshed', 'emptied', 'contended' or 'lost'
--
-- Invariant: a value enters only by the only writer in flight. Without a fence the key ends absent.

return each(3, function(key, entry, at)
  if not entry or entry.kind ~= 'F' then
    return 'lost', remove(key)
  end
  local left = {}
  for _, held in ipairs(entry.tokens) do
    if not is(held, ARGV[at]) then
      left[#left + 1] = held
    end
  end
  if left[1] then
    return #left == #entry.tokens and 'lost' or 'contended', put_fence(key, left, true, entry)
  end
  if entry.contended then
    return 'contended', remove(key)
  elseif ARGV[at + 2] == '' then
    return 'emptied', remove(key)
  end
  return 'refreshed', put_value(key, ARGV[at + 1], ARGV[at + 2])
end)
