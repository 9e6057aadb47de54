-- Before enter, buy, find and leave: a sale's keys, and the slots of one of its servers.

local SALE, BUYERS, ORDERS, ACCEPTED, WAITING, OUTBOX, SLOTS, LEASES = unpack(KEYS)

-- What a script answers that neither finds an order nor gives a lease; redis.py knows them by the same names.
local NOT_BEGUN, DONE, FULL, SOLD_OUT = 0, 1, 2, 3

-- The record of the order that the buyer has. A list of buyers without the orders was tampered with.
local function order_of(holder)
  local id = redis.call('HGET', BUYERS, holder)
  return id and (redis.call('HGET', ORDERS, id) or error({err = 'DAMAGED an order is missing'}))
end

-- Whether there was a lease; its slot is free now.
local function end_lease(holder)
  local held = redis.call('HGET', LEASES, 'holder:' .. holder)
  if not held then return false end
  local lease, address = held:match('^([^\n]*)\n(.*)$')
  redis.call('ZREM', SLOTS, holder)
  redis.call('HDEL', LEASES, 'holder:' .. holder, 'lease:' .. lease)
  if redis.call('HINCRBY', LEASES, 'address:' .. address, -1) < 1 then
    redis.call('HDEL', LEASES, 'address:' .. address)
  end
  return true
end

-- When very many expire at once, everybody clears some away, so that nobody waits for long: 1,000 take 8 ms. Those that
-- stay for now do not count, but for their addresses; this buyer's own does not stay.
local function end_expired(now, holder)
  local expired = redis.call('ZRANGE', SLOTS, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1000)
  for _, other in ipairs(expired) do end_lease(other) end
  if #expired == 1000 then
    local expires_at = redis.call('ZSCORE', SLOTS, holder)
    if expires_at and tonumber(expires_at) <= tonumber(now) then end_lease(holder) end
  end
end

-- Each server's leases say of which epoch they are. Those of another are void: where a newer epoch is met first, the
-- other servers' keys are not at hand.
local function void_old(epoch)
  if redis.call('HGET', LEASES, 'epoch') ~= epoch then
    redis.call('DEL', SLOTS, LEASES)
    redis.call('HSET', LEASES, 'epoch', epoch)
  end
end

-- Whether the sale knows a newer epoch than the visit's. The visit's is taken over if it is the newer one.
local function is_behind(known, epoch)
  if tonumber(epoch) > tonumber(known) then redis.call('HSET', SALE, 'epoch', epoch) end
  return tonumber(epoch) < tonumber(known)
end

-- '' is no limit.
local function is_reached(limit, count)
  return limit ~= '' and tonumber(count or 0) >= tonumber(limit)
end

local function has_room(now, slots, address, slots_per_address)
  return redis.call('ZCOUNT', SLOTS, '(' .. now, '+inf') < tonumber(slots)
    and not is_reached(slots_per_address, redis.call('HGET', LEASES, 'address:' .. address))
end
