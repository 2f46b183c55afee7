-- RELEASE: the reader's own lease becomes absent.
--
-- ARGV     a key: stamp (16 bytes)
-- returns  '1' if the lease still stood, else '0'
--
-- Invariant: nobody else's entry is removed.

return each(1, function(key, entry, at)
  if not entry or entry.kind ~= 'L' or entry.stamp ~= ARGV[at] then
    return '0'
  end
  return '1', remove(key)
end)
