-- The row takes the fence's place if it is still the writer's own; else the entry goes.
-- KEYS[1] the entry; ARGV[1] the writer's token, ARGV[2] the row, ARGV[3] milliseconds that it lives
if redis.call('GET', KEYS[1]) == 'F:' .. ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
redis.call('UNLINK', KEYS[1])
return 0
