-- INVALIDATE: whatever stands there must not be served, nor become a value.
--
-- ARGV     nothing more
-- returns  'ok'
--
-- Invariant: writers in flight keep their fence, contended; everything else is gone.

return each(0, function(key, entry)
  if entry and entry.kind == 'F' then
    return 'ok', put_fence(key, entry.tokens, true, entry)
  end
  return 'ok', remove(key)
end)
