-- An owner's tasks, newest first. Reads only.
--
-- KEYS: 1 the owner's history
-- ARGV: 1 the base of all keys, 2 tasks wanted
-- Answers {{seconds, microseconds}, {entity, ...}}

local entities = {}
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, tonumber(ARGV[2]) - 1)) do
  local entity = redis.call('HGET', ARGV[1] .. ':task:' .. id, 'entity')
    or redis.call('HGET', ARGV[1] .. ':archive:' .. id, 'entity')
  if entity then
    entities[#entities + 1] = entity
  end
end
return { redis.call('TIME'), entities }
