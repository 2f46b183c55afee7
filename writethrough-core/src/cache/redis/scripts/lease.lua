-- LEASE: absent, or a value that bears the seen mark, becomes a lease.
--
-- ARGV     a key: nonce (8 bytes), lasting (µs), seen (written_at and mark as they stand in the entry, or '')
-- returns  'G' and the stamp; or what stands there: 'L', 'F', or the value's whole entry
--
-- Invariant: nobody's lease or fence is replaced.

return each(3, function(key, entry, at)
  if entry and not (entry.kind == 'V' and ARGV[at + 2] ~= '' and string.sub(entry.raw, 10, 27) == ARGV[at + 2]) then
    return entry.kind == 'V' and entry.raw or entry.kind
  end
  local stamp = now_bytes .. ARGV[at]
  return 'G' .. stamp, put(key, 'L' .. incarnation .. stamp, now + tonumber(ARGV[at + 1]))
end)
