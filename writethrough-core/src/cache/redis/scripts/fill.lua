-- FILL: the reader's own lease becomes the value.
--
-- ARGV     a key: stamp (16 bytes), payload, ttl (µs)
-- returns  '1' if the lease still stood, else '0'
--
-- Invariant: a value enters only under a lease that nobody broke.

return each(3, function(key, entry, at)
  if not entry or entry.kind ~= 'L' or entry.stamp ~= ARGV[at] then
    return '0'
  end
  return '1', put_value(key, ARGV[at + 1], ARGV[at + 2])
end)
