-- Waiting tasks that may run, in the order in which they are to be claimed. Reads only.
--
-- KEYS: the ring of each lane
-- ARGV: 1 the base of all keys, 2 tasks wanted, 3 limit of running tasks per tenant ('' = none),
--       then for each lane: its name, its kind, the limit of running tasks of that kind ('' = none)
-- Answers {{seconds, microseconds}, entity, parent's entity or nil, entity, parent's entity or nil, ...}

-- Tenants of a lane that are served by one call; more follow when these have had their turn.
local TENANTS_MAX = 64

local base, wanted, per_tenant = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local answer = { redis.call('TIME') }

local function entity(id)
  return redis.call('HGET', base .. ':task:' .. id, 'entity')
end

local function add(id)
  local parent = string.match(id, '^(%w+)%-')
  local parents = false
  if parent then
    parents = entity(parent) or redis.call('HGET', base .. ':archive:' .. parent, 'entity')
  end
  local own = entity(id)
  if own then
    answer[#answer + 1] = own
    answer[#answer + 1] = parents
  end
end

for number, ring in ipairs(KEYS) do
  local lane, kind, per_kind = ARGV[1 + 3 * number], ARGV[2 + 3 * number], tonumber(ARGV[3 + 3 * number])
  local places = wanted
  if per_kind then
    places = math.min(places, per_kind - redis.call('SCARD', base .. ':running:kind:' .. kind))
  end
  if places > 0 then
    local lines, from = {}, 0
    repeat
      -- Tenants at their limit are passed by.
      local tenants = redis.call('ZRANGE', ring, from, from + TENANTS_MAX - 1)
      for _, tenant in ipairs(tenants) do
        local places_of_tenant = places
        if per_tenant then
          places_of_tenant = math.min(places, per_tenant - redis.call('SCARD', base .. ':running:tenant:' .. tenant))
        end
        if places_of_tenant > 0 and #lines < TENANTS_MAX then
          local line = base .. ':ready:' .. lane .. ':' .. tenant
          lines[#lines + 1] = redis.call('ZRANGE', line, 0, places_of_tenant - 1)
        end
      end
      from = from + TENANTS_MAX
    until #tenants < TENANTS_MAX or #lines >= TENANTS_MAX
    -- One of each tenant, then the second of each, and so on.
    local taken, turn = 0, 1
    while taken < places do
      local any = false
      for _, line in ipairs(lines) do
        if line[turn] and taken < places then
          any = true
          taken = taken + 1
          add(line[turn])
        end
      end
      if not any then
        break
      end
      turn = turn + 1
    end
    wanted = wanted - taken
  end
  if wanted <= 0 then
    break
  end
end
return answer
