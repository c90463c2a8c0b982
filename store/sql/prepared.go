package sql

import (
	"context"
	stdsql "database/sql"
	"sync"
)

// prepared keeps the parsed form of every query that is read outside transactions. SQLite gains most of the time of a
// read by it; pgx keeps its own, so there it stays empty. The queries are constants: it does not grow.
type prepared struct {
	mu    sync.RWMutex
	stmts map[string]*stdsql.Stmt
}

// preparing returns a querier over the readers that prepares where that pays.
func (s *Store) preparing() querier {
	if !s.d.prepares() {
		return s.reader
	}
	return preparingReader{s}
}

type preparingReader struct{ s *Store }

func (p preparingReader) ExecContext(ctx context.Context, query string, args ...any) (stdsql.Result, error) {
	return p.s.reader.ExecContext(ctx, query, args...)
}

func (p preparingReader) QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error) {
	stmt, err := p.s.prepared.get(ctx, p.s.reader, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (p preparingReader) QueryRowContext(ctx context.Context, query string, args ...any) *stdsql.Row {
	stmt, err := p.s.prepared.get(ctx, p.s.reader, query)
	if err != nil {
		return p.s.reader.QueryRowContext(ctx, query, args...) // tells the same error from Scan
	}
	return stmt.QueryRowContext(ctx, args...)
}

func (p *prepared) get(ctx context.Context, db *stdsql.DB, query string) (*stdsql.Stmt, error) {
	p.mu.RLock()
	stmt := p.stmts[query]
	p.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	stmt, err := db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.stmts[query]; first != nil {
		_ = stmt.Close() // another call was quicker
		return first, nil
	}
	if p.stmts == nil {
		p.stmts = make(map[string]*stdsql.Stmt)
	}
	p.stmts[query] = stmt
	return stmt, nil
}

func (p *prepared) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stmt := range p.stmts {
		_ = stmt.Close() // the pool under it is closed next
	}
	p.stmts = nil
}
