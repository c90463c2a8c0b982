// Package feed passes change notices from the driver of a session store to its subscribers, as package store's Feed
// demands: in order, one at a time, each subscriber on a goroutine of its own. It opens no connection and hears nothing
// by itself: a driver says what it heard, and whether everything is heard.
package feed
