-- Before enter, buy, find and leave: a sale's keys, and the slots of one of its servers.

local SALE, BUYERS, ORDERS, ACCEPTED, WAITING, OUTBOX, RESERVED, UNITS, SLOTS, LEASES, UNSEEN = unpack(KEYS)

-- What a script answers that neither finds an order nor gives a lease; redis.py knows them by the same names.
local NOT_BEGUN, DONE, FULL, SOLD_OUT, BEHIND, LIMIT = 0, 1, 2, 3, 4, 5

-- The record of the order that the buyer has. A list of buyers without the orders was tampered with.
local function order_of(holder)
  local id = redis.call('HGET', BUYERS, holder)
  return id and (redis.call('HGET', ORDERS, id) or error({err = 'DAMAGED an order is missing'}))
end

-- Whether there was a lease; its slot is free now. `is_unused` is whether it ran out, or made way.
local function end_lease(holder, is_unused)
  local held = redis.call('HGET', LEASES, 'holder:' .. holder)
  if not held then return false end
  local lease, networks = held:match('^([^\n]*)\n(.*)$')
  redis.call('ZREM', SLOTS, holder)
  redis.call('ZREM', UNSEEN, holder)
  redis.call('HDEL', LEASES, 'holder:' .. holder, 'lease:' .. lease)
  for name in networks:gmatch('([^ =]+)=') do
    if redis.call('HINCRBY', LEASES, 'network:' .. name, -1) < 1 then redis.call('HDEL', LEASES, 'network:' .. name) end
    if is_unused then redis.call('HINCRBY', LEASES, 'unused:' .. name, 1) end
  end
  return true
end

-- When very many expire at once, everybody clears some away, so that nobody waits for long: 1,000 take 8 ms. Those that
-- stay for now do not count, but for their networks; this buyer's own does not stay.
local function end_expired(now, holder)
  local expired = redis.call('ZRANGE', SLOTS, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1000)
  for _, other in ipairs(expired) do end_lease(other, true) end
  if #expired == 1000 then
    local expires_at = redis.call('ZSCORE', SLOTS, holder)
    if expires_at and tonumber(expires_at) <= tonumber(now) then end_lease(holder, true) end
  end
end

-- Each server's leases say of which epoch they are. Those of another are void: where a newer epoch is met first, the
-- other servers' keys are not at hand.
local function void_old(epoch)
  if redis.call('HGET', LEASES, 'epoch') ~= epoch then
    redis.call('DEL', SLOTS, LEASES, UNSEEN)
    redis.call('HSET', LEASES, 'epoch', epoch)
  end
end

-- Whether the sale knows a newer epoch than the visit's. The visit's is taken over if it is the newer one.
local function is_behind(known, epoch)
  if tonumber(epoch) > tonumber(known) then redis.call('HSET', SALE, 'epoch', epoch) end
  return tonumber(epoch) < tonumber(known)
end

-- Whether this is not the storage in which the sale went on. An id of '' expects nothing.
local function is_other(id, changes, expected, least)
  return expected ~= '' and (id ~= expected or tonumber(changes or 0) < tonumber(least))
end

-- '' is no limit.
local function is_reached(limit, count)
  return limit ~= '' and tonumber(count or 0) >= tonumber(limit)
end

-- SOLD_OUT or LIMIT if the buyer gets no unit, whatever slots there are; else nil.
local function refused(stock, taken, per_buyer, buyer)
  if is_reached(stock, taken) then return SOLD_OUT end
  if per_buyer ~= '' and is_reached(per_buyer, redis.call('HGET', UNITS, buyer)) then return LIMIT end
end

-- What is left of a network's slots after so many forms ran out since it ordered last; `share` in networks.py.
local function share(slots, unused)
  return math.min(slots, math.max(1, slots - unused))
end

-- Whether there is a slot. In a full house the oldest lease without a sign of life makes way.
local function make_room(now, slots, networks, unseen_before)
  local in_use, unseen = redis.call('ZCOUNT', SLOTS, '(' .. now, '+inf'), nil
  if in_use > tonumber(slots) then return false end
  if in_use == tonumber(slots) then
    unseen = redis.call('ZRANGE', UNSEEN, '-inf', unseen_before, 'BYSCORE', 'LIMIT', 0, 1)[1]
    if not unseen then return false end
  end
  for name, limit in networks:gmatch('([^ =]+)=(%d+)') do
    local held, unused = unpack(redis.call('HMGET', LEASES, 'network:' .. name, 'unused:' .. name))
    if tonumber(held or 0) >= share(tonumber(limit), tonumber(unused or 0)) then return false end
  end
  if unseen then end_lease(unseen, true) end
  return redis.call('ZCOUNT', SLOTS, '(' .. now, '+inf') < tonumber(slots)
end
