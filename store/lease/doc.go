// Package lease shares one opened resource (a database, a connection pool) among the configurations that name it, so
// that a reload neither closes what is live nor opens it twice. It owns the count of who holds what; it never knows
// what is held, and never closes anything that is still held.
package lease
