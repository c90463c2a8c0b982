package redis

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Every change of more than one step is a script, so that nothing comes between its steps. All keys are declared and of
// one slot. A script that changes sessions publishes the user in the same step.

// swap replaces the record under KEYS[1] if it is still ARGV[1], byte for byte; an empty ARGV[2] deletes it. A record
// that is gone equals nothing, so no writing ever revives one. ARGV: old, new, expiry in ms, channel, message (""
// publishes nothing). Returns whether it did.
var swap = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
	redis.call('DEL', KEYS[1])
else
	redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
if ARGV[5] ~= '' then redis.call('PUBLISH', ARGV[4], ARGV[5]) end
return 1`)

// drop deletes the record under KEYS[1] and tells of it. ARGV: channel, message. Returns whether there was one.
var drop = redis.NewScript(`
local n = redis.call('DEL', KEYS[1])
if n == 1 then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return n`)

// enter lists a sign-in in the index and returns the identity that RefreshIdentity told last, if it did so lately.
// While it is there it looks at four entries by chance and removes those past their deadline: in the long run that
// keeps dead entries to a fraction of the living, and no sweep is needed. KEYS: top, overflow, mark. ARGV: field,
// value, expiry in ms, now in seconds.
var enter = redis.NewScript(`
local bucket = KEYS[1]
if redis.call('HLEN', bucket) >= 256 then bucket = KEYS[2] end
redis.call('HSET', bucket, ARGV[1], ARGV[2])
if redis.call('PTTL', bucket) < tonumber(ARGV[3]) then redis.call('PEXPIRE', bucket, ARGV[3]) end
local some, now = redis.call('HRANDFIELD', bucket, 4, 'WITHVALUES'), tonumber(ARGV[4])
for i = 1, #some, 2 do
	local a, b, c, d = string.byte(some[i + 1], 33, 36)
	if d and ((a * 256 + b) * 256 + c) * 256 + d < now then redis.call('HDEL', bucket, some[i]) end
end
return redis.call('GET', KEYS[3])`)

// reenter gives a listed sign-in its new key. KEYS: top, overflow. ARGV: field, old value, new value.
var reenter = redis.NewScript(`
for i = 1, 2 do
	if redis.call('HGET', KEYS[i], ARGV[1]) == ARGV[2] then
		redis.call('HSET', KEYS[i], ARGV[1], ARGV[3])
		return 1
	end
end
return 0`)

// leave removes a sign-in from the index; with a value, only if that is still what is listed.
// KEYS: top, overflow. ARGV: field, value or "".
var leave = redis.NewScript(`
local n = 0
for i = 1, 2 do
	local v = redis.call('HGET', KEYS[i], ARGV[1])
	if v and (ARGV[2] == '' or v == ARGV[2]) then n = n + redis.call('HDEL', KEYS[i], ARGV[1]) end
end
return n`)

const listSource = `
local found = {}
for i = 1, 2 do
	local cursor = '0'
	repeat
		local page = redis.call('HSCAN', KEYS[i], cursor, 'MATCH', PATTERN, 'COUNT', 1000)
		cursor = page[1]
		for _, v in ipairs(page[2]) do found[#found + 1] = v end
	until cursor == '0'
end
return found`

// list returns the fields and values of a user. KEYS: top, overflow. ARGV: pattern.
var list = redis.NewScript(`local PATTERN = ARGV[1]` + listSource)

// remember keeps the identity of a user for those who are just signing in with an older one, tells of the user, and
// lists the sign-ins, all as one: a sign-in is in the list or finds the identity when it enters. KEYS: top, overflow,
// mark. ARGV: pattern, packed version and identity, expiry in ms, channel, message.
var remember = redis.NewScript(`
local function version(s)
	local n = 0
	for i = 1, 8 do n = n * 256 + string.byte(s, i) end
	return n
end
local known = redis.call('GET', KEYS[3])
if not known or #known < 8 or version(known) <= version(ARGV[2]) then
	redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
end
redis.call('PUBLISH', ARGV[4], ARGV[5])
local PATTERN = ARGV[1]` + listSource)

// putTicket stores a ticket unless a living one has its name. The first 8 bytes of a ticket are its deadline in ms.
// KEYS: ticket. ARGV: deadline and payload, expiry in ms, now in ms.
var putTicket = redis.NewScript(`
local function deadline(s)
	local n = 0
	for i = 1, 8 do n = n * 256 + string.byte(s, i) end
	return n
end
local old, now = redis.call('GET', KEYS[1]), tonumber(ARGV[3])
if old and #old >= 8 and deadline(old) > now then return 0 end
if deadline(ARGV[1]) > now then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1`)

// count is one guess. A counter is "<end of its window in ms> <guesses>".
// KEYS: counter. ARGV: limit, window in ms, now in ms. Returns whether there was room, and how long the window lasts.
var count = redis.NewScript(`
local now, limit = tonumber(ARGV[3]), tonumber(ARGV[1])
local over, n = now + tonumber(ARGV[2]), 0
local known = redis.call('GET', KEYS[1])
if known then
	local o, k = string.match(known, '^(%d+) (%d+)$')
	if not o then return redis.error_reply('ERR the counter is damaged or foreign') end
	if tonumber(o) > now then over, n = tonumber(o), tonumber(k) end
end
if n >= limit then return {0, over - now} end
redis.call('SET', KEYS[1], string.format('%.0f %.0f', over, n + 1), 'PX', string.format('%.0f', over - now + 60000))
return {1, over - now}`)

// release takes a guess back; the last one takes the counter with it. KEYS: counter. ARGV: now in ms.
var release = redis.NewScript(`
local known = redis.call('GET', KEYS[1])
if not known then return 0 end
local over, n = string.match(known, '^(%d+) (%d+)$')
if not over then return redis.error_reply('ERR the counter is damaged or foreign') end
if tonumber(over) <= tonumber(ARGV[1]) or tonumber(n) <= 1 then
	redis.call('DEL', KEYS[1])
else
	redis.call('SET', KEYS[1], string.format('%s %.0f', over, tonumber(n) - 1), 'KEEPTTL')
end
return 1`)

// run calls a script by its digest, and by its text where the server does not know it yet or no longer.
func (s *Store) run(ctx context.Context, script *redis.Script, keys []string, args ...any) *redis.Cmd {
	return script.Run(ctx, s.rdb, keys, args...)
}
