package password

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Settings is the `password` block of the global options: what new passwords must be, and how they are hashed. The zero
// value is the default.
type Settings struct {
	// How many characters a new password has at least: 4 to 128, default 8. NIST SP 800-63B-4 demands 8 where a second
	// factor follows and 15 where none does. Existing passwords stay valid.
	MinLength int `json:"min_length,omitempty"`

	// How new passwords are hashed. Existing hashes stay valid and are made anew when their owner signs in.
	Hash Hash `json:"hash,omitzero"`

	// Where new passwords are looked up among breached ones: "off" (the default), "hibp" (the range API of Have I Been
	// Pwned, which learns five digits of a hash; a second at most, and no password is refused if it does not answer),
	// or the path of a file with sorted SHA-1 hashes or with words, one a line.
	Breached string `json:"breached,omitempty"`
}

// Algorithms.
const (
	Bcrypt   = "bcrypt"
	Argon2id = "argon2id"
)

// Hash says how passwords are hashed.
type Hash struct {
	// "bcrypt", the default, or "argon2id".
	Algorithm string `json:"algorithm,omitempty"`

	// bcrypt: the logarithm of the number of rounds, 10 to 16, default 12.
	Cost int `json:"cost,omitempty"`

	// argon2id: memory for one hash in KiB, at most 262144 (256 MiB), default 65536 (64 MiB). The least is 47104 for one
	// pass, 19456 for two, 12288 for three, 9216 for four, 7168 for five and more. As many hashes as half the cores are
	// computed at once.
	Memory int `json:"memory,omitempty"`

	// argon2id: passes over the memory, 1 to 16, default 3.
	Time int `json:"time,omitempty"`

	// argon2id: lanes, each of which may use a core, 1 to 16, default 1.
	Threads int `json:"threads,omitempty"`
}

// complete fills in the defaults and refuses what is out of bounds.
func (s Settings) complete() (Settings, error) {
	if s.MinLength == 0 {
		s.MinLength = 8
	}
	if s.MinLength < 4 || s.MinLength > 128 {
		return s, fmt.Errorf("min_length %d: must be from 4 to 128 characters; 8 is the default, 15 is better",
			s.MinLength)
	}
	var err error
	s.Hash, err = s.Hash.complete()
	return s, err
}

func (c Hash) complete() (Hash, error) {
	switch c.Algorithm {
	case "", Bcrypt:
		c.Algorithm = Bcrypt
		if c.Memory != 0 || c.Time != 0 || c.Threads != 0 {
			return c, errors.New("hash bcrypt: memory, time and threads belong to argon2id")
		}
		if c.Cost == 0 {
			c.Cost = bcryptDefaultCost
		}
		if c.Cost < bcryptMinCost || c.Cost > bcryptMaxCost {
			return c, fmt.Errorf("hash bcrypt %d: the cost must be from %d to %d; %d is the default",
				c.Cost, bcryptMinCost, bcryptMaxCost, bcryptDefaultCost)
		}
		return c, nil
	case Argon2id:
		return c.completeArgon()
	}
	return c, fmt.Errorf("hash %s: must be bcrypt or argon2id", c.Algorithm)
}

func (c Hash) completeArgon() (Hash, error) {
	if c.Cost != 0 {
		return c, errors.New("hash argon2id: a cost belongs to bcrypt; argon2id takes memory, time and threads")
	}
	if c.Memory == 0 {
		c.Memory = argonDefaultMemory
	}
	if c.Time == 0 {
		c.Time = argonDefaultTime
	}
	if c.Threads == 0 {
		c.Threads = argonDefaultThreads
	}
	if c.Time < 1 || c.Time > argonMaxTime {
		return c, fmt.Errorf("hash argon2id time %d: must be from 1 to %d passes; %d is the default",
			c.Time, argonMaxTime, argonDefaultTime)
	}
	least := int(argonMinMemory[min(c.Time, len(argonMinMemory)-1)])
	if c.Memory < least || c.Memory > argonMaxMemory {
		return c, fmt.Errorf("hash argon2id memory %dKiB: must be from %dMiB to %dMiB with time %d; "+
			"%dMiB is the default",
			c.Memory, least>>10, argonMaxMemory>>10, c.Time, argonDefaultMemory>>10)
	}
	if c.Threads < 1 || c.Threads > argonMaxThreads {
		return c, fmt.Errorf("hash argon2id threads %d: must be from 1 to %d; %d is the default",
			c.Threads, argonMaxThreads, argonDefaultThreads)
	}
	return c, nil
}

// UnmarshalCaddyfile reads the `password` block of the global options. Syntax:
//
//	password {
//		min_length <characters>
//		hash       bcrypt [<cost>]
//		hash       argon2id [memory <size>] [time <passes>] [threads <lanes>]
//		breached   off|hibp|<file>
//	}
//
// A size is a whole number with KiB, MiB or GiB.
func (s *Settings) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "password"
	if d.NextArg() {
		return d.Errf("password takes a block, not the argument %q: password { min_length 8 }", d.Val())
	}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		word := d.Val()
		if seen[word] {
			return d.Errf("password: %s is given twice; keep one", word)
		}
		seen[word] = true
		var err error
		switch word {
		case "min_length":
			s.MinLength, err = oneNumber(d)
		case "hash":
			err = s.Hash.unmarshal(d)
		case "breached":
			if !d.AllArgs(&s.Breached) || s.Breached == "" {
				err = d.Errf("password: breached takes one word: off, hibp, or the path of a list of breached passwords")
			}
		default:
			err = d.Errf("password: unknown word %q; known are min_length, hash and breached", word)
		}
		if err != nil {
			return err
		}
		// Judged line by line, so that the error names the right one.
		if _, err := s.complete(); err != nil {
			return d.Errf("password: %v", err)
		}
	}
	return nil
}

func oneNumber(d *caddyfile.Dispenser) (int, error) {
	word := d.Val()
	var digits string
	if !d.AllArgs(&digits) {
		return 0, d.ArgErr()
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n <= 0 {
		return 0, d.Errf("%s %s: must be a whole number above zero", word, digits)
	}
	return n, nil
}

func (c *Hash) unmarshal(d *caddyfile.Dispenser) error {
	if !d.NextArg() {
		return d.Errf("hash: which? bcrypt [<cost>] or argon2id [memory <size>] [time <passes>] [threads <lanes>]")
	}
	c.Algorithm = d.Val()
	args := d.RemainingArgs()
	switch c.Algorithm {
	case Bcrypt:
		if len(args) == 0 {
			return nil
		}
		if len(args) > 1 {
			return d.Errf("hash bcrypt takes one number, the cost: hash bcrypt %d", bcryptDefaultCost)
		}
		return number(d, "hash bcrypt", args[0], &c.Cost)
	case Argon2id:
		for ; len(args) > 0; args = args[2:] {
			if len(args) == 1 {
				return d.Errf("hash argon2id: %s needs a value", args[0])
			}
			if err := c.setArgon(d, args[0], args[1]); err != nil {
				return err
			}
		}
		return nil
	}
	return d.Errf("hash %s: must be bcrypt or argon2id", c.Algorithm)
}

func (c *Hash) setArgon(d *caddyfile.Dispenser, word, value string) error {
	field := map[string]*int{"memory": &c.Memory, "time": &c.Time, "threads": &c.Threads}[word]
	if field == nil {
		return d.Errf("hash argon2id: unknown word %q; known are memory, time and threads", word)
	}
	if *field != 0 {
		return d.Errf("hash argon2id: %s is given twice; keep one", word)
	}
	if word != "memory" {
		return number(d, "hash argon2id "+word, value, field)
	}
	for unit, kib := range map[string]int{"KiB": 1, "MiB": 1 << 10, "GiB": 1 << 20} {
		digits, found := strings.CutSuffix(value, unit)
		if n, err := strconv.ParseUint(digits, 10, 16+6); found && err == nil && n > 0 {
			*field = int(n) * kib
			return nil
		}
	}
	return d.Errf("hash argon2id memory %s: must be a size such as 64MiB", value)
}

func number(d *caddyfile.Dispenser, what, value string, into *int) error {
	n, err := strconv.Atoi(value)
	if err != nil || n <= 0 {
		return d.Errf("%s %s: must be a whole number above zero", what, value)
	}
	*into = n
	return nil
}
