package web

const (
	StatusSent = "sent"
)
