package password

import "golang.org/x/crypto/argon2"

// What a completed Hash, the present settings, means for stored hashes.

// hash computes the encoded hash of a prepared password.
func (c Hash) hash(prepared []byte) ([]byte, error) {
	if c.Algorithm == Argon2id {
		return newArgon(prepared, c), nil
	}
	return newBcrypt(prepared, c.Cost)
}

// dummy returns a hash that costs what a real one does and that nothing matches.
func (c Hash) dummy() parsed {
	if c.Algorithm == Argon2id {
		return dummyArgon(c)
	}
	h, err := parseBcrypt(dummyBcrypt(c.Cost))
	if err != nil {
		panic("password: dummy is not readable: " + err.Error()) // cannot happen: a test parses every cost
	}
	return h
}

// matchesParams reports whether a stored hash was made under these settings.
func (c Hash) matchesParams(h parsed) bool {
	switch h := h.(type) {
	case *bcryptHash:
		return c.Algorithm == Bcrypt && h.salt != nil && h.cost == c.Cost
	case *argonHash:
		return c.Algorithm == Argon2id &&
			h.memory == uint32(c.Memory) && h.time == uint32(c.Time) && h.threads == uint8(c.Threads) &&
			len(h.salt) >= 16 && len(h.sum) >= 32
	}
	return false
}

// equalizeCost spends what a cheaper hash of the same algorithm has saved in comparison with a present one, so that the
// time of a refusal does not reveal that an account with an old hash exists.
func (c Hash) equalizeCost(h parsed) {
	switch h := h.(type) {
	case *bcryptHash:
		if c.Algorithm == Bcrypt {
			for _, cost := range bcryptMissing(h.cost, c.Cost) {
				spend, _ := parseBcrypt(dummyBcrypt(cost))
				spend.matches(nil)
			}
		}
	case *argonHash:
		if c.Algorithm == Argon2id {
			if memory, time := argonMissing(h, c); time > 0 {
				argon2.IDKey(nil, h.salt, time, memory, h.threads, 32)
			}
		}
	case foreignHash:
		// Mostly far cheaper than ours, and its cost is not comparable: the whole cost of a present one hides the most.
		c.dummy().matches(nil)
	}
}

// bcryptMissing returns the costs that, spent on top of have, add up to want: 2^c + 2^c + 2^(c+1) + … + 2^(want-1) =
// 2^want.
func bcryptMissing(have, want int) (costs []int) {
	for cost := have; cost < want; cost++ {
		costs = append(costs, cost)
	}
	return costs
}

// argonMissing returns memory and passes whose product is what h lacks of the work of c, within a block or two.
func argonMissing(h *argonHash, c Hash) (memory, time uint32) {
	want := uint32(c.Memory) * uint32(c.Time)
	if h.work() >= want {
		return 0, 0
	}
	missing := want - h.work()
	time = (missing + argonMaxMemory - 1) / argonMaxMemory
	if present := uint32(c.Memory); missing > present {
		time = (missing + present - 1) / present
	}
	return missing / time, time
}
