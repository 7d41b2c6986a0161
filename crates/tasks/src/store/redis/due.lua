-- The tasks of a list by time. Reads only.
--
-- KEYS: 1 the list
-- ARGV: 1 tasks wanted, 2 '1' = only those whose time has come
-- Answers {{seconds, microseconds}, {id, ...}}

local time = redis.call('TIME')
local until_now = ARGV[2] == '1' and time[1] .. string.format('%03d', math.floor(time[2] / 1000)) or '+inf'
return { time, redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', until_now, 'LIMIT', 0, ARGV[1]) }
