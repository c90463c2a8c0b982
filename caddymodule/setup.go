package caddymodule

// tellSetupLink prints the link by which the first administrator is made, while there is none.
func (a *App) tellSetupLink(run *Running) {}
