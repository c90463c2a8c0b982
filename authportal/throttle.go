package authportal

// guess is one counted try, before anything is checked.
type guess struct{}

// guess counts a try at a secret of the account, by account and by address; a Problem where there is no room. account is
// the id of the user, or whatever was typed, normalised, where there is none: all spellings count alike.
func (c *call) guess(account string, known bool) (*guess, error) { return &guess{}, nil }

// giveBack takes the try back: it was right, or nothing was checked.
func (g *guess) giveBack() {}
