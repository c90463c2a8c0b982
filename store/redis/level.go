package redis

import (
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/store"
)

// The level of a proof lies behind the name of its method, "passkey#2", where it is more than one factor. A version that
// knows no levels reads a method of that name, which is nobody's second factor, and not a damaged record. No method is
// configured under such a name.
const levelMark = '#'

const maxLevel = 9

func leveled(p store.Proof) string {
	if p.Factors() == 1 {
		return p.Method
	}
	return p.Method + string(levelMark) + strconv.Itoa(min(p.Level, maxLevel))
}

// levelOf takes apart what leveled put together.
func levelOf(word string) (method string, level int) {
	if i := strings.LastIndexByte(word, levelMark); i == len(word)-2 && i > 0 && word[i+1] >= '2' && word[i+1] <= '9' {
		return word[:i], int(word[i+1] - '0')
	}
	return word, 0
}
