-- A writer announces itself; a second one leaves the fence contended.
-- KEYS[1] the entry; ARGV[1] the writer's token, ARGV[2] milliseconds that the fence lives
local stood = redis.call('GET', KEYS[1])
local token = ARGV[1]
if stood and string.sub(stood, 1, 2) == 'F:' then
  token = 'contended'
end
redis.call('SET', KEYS[1], 'F:' .. token, 'PX', ARGV[2])
return 1
