package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// settingColumns is the setting of the users store that holds the operator's columns: all in one value, so that changes
// are atomic and never interleave.
const settingColumns = "columns"

// ColumnBook is the stored form of the operator's columns.
type ColumnBook struct {
	Columns []Column  `json:"columns"`           // in the order of the table
	Leaving []Leaving `json:"leaving,omitempty"` // see ColumnSweeper
}

// Leaving is an attribute that is being removed from all accounts, because its column was removed or renamed.
type Leaving struct {
	Key   string    `json:"key"`
	To    string    `json:"to,omitempty"` // its new name; empty: it is deleted
	Since time.Time `json:"since"`
}

var (
	errColumnTaken = &problem.Problem{Status: 409, Code: "column_taken", Detail: "there is a column with this key"}
	errColumnBusy  = &problem.Problem{Status: 409, Code: "column_busy",
		Detail: "the values of a removed or renamed column are still on their way; try again in a minute"}
	errColumnLimit = &problem.Problem{Status: 409, Code: "column_limit",
		Detail: "there are as many columns as there can be"}
	errColumnFixed = &problem.Problem{Status: 409, Code: "column_configured",
		Detail: "the column is a field of `signup` in the Caddyfile, and changed there"}
)

// ReadColumns returns the columns, and their stored form for the compare-and-swap of a change.
func ReadColumns(ctx context.Context, users store.UserStore) (book ColumnBook, stored []byte, err error) {
	stored, err = users.Setting(ctx, settingColumns)
	if errors.Is(err, store.ErrNotFound) {
		return ColumnBook{}, nil, nil
	}
	if err == nil {
		err = json.Unmarshal(stored, &book)
	}
	if err != nil {
		return book, nil, fmt.Errorf("reading the columns: %w", err)
	}
	return book, stored, nil
}

// changeColumns applies change to the columns and stores them, and starts again if they changed in between.
func changeColumns(ctx context.Context, users store.UserStore, change func(*ColumnBook) error) error {
	for range UpdateTries {
		book, old, err := ReadColumns(ctx, users)
		if err != nil {
			return err
		}
		if err := change(&book); err != nil {
			return err
		}
		stored, err := json.Marshal(book)
		if err != nil {
			return fmt.Errorf("storing the columns: %w", err)
		}
		err = users.PutSetting(ctx, settingColumns, old, stored)
		if !errors.Is(err, store.ErrStale) {
			return err
		}
	}
	return problem.Changing
}

func (b *ColumnBook) find(key string) int {
	return slices.IndexFunc(b.Columns, func(c Column) bool { return c.Key == key })
}

// busy reports whether values are being moved from or to the attribute.
func (b *ColumnBook) busy(key string) bool {
	return slices.ContainsFunc(b.Leaving, func(l Leaving) bool { return l.Key == key || l.To == key })
}

// Columns returns the columns that are not built in: first the fields of `signup`, then those that administrators
// added, in their order.
func (a *columns) Columns(ctx context.Context) ([]Column, error) {
	book, _, err := ReadColumns(ctx, a.users)
	return a.withFields(book.Columns), err
}

// withFields puts the fields of `signup` before own. If a key is in both, the Caddyfile decides.
func (a *columns) withFields(own []Column) []Column {
	var all []Column
	for _, key := range a.fields {
		all = append(all, Column{Key: key, Type: ColumnText, Listed: true, Configured: true})
	}
	return append(all, slices.DeleteFunc(slices.Clone(own), func(c Column) bool { return a.configured(c.Key) })...)
}

func (a *columns) configured(key string) bool { return slices.Contains(a.fields, key) }

// typed converts changes of attributes to the types of their columns. An attribute without a column stays as it is.
func (a *columns) typed(ctx context.Context, changes map[string]any) (map[string]any, error) {
	if len(changes) == 0 {
		return changes, nil
	}
	book, _, err := ReadColumns(ctx, a.users)
	if err != nil {
		return nil, err
	}
	out := maps.Clone(changes)
	for _, col := range a.withFields(book.Columns) {
		if sent, given := changes[col.Key]; given {
			if out[col.Key], err = col.value(sent); err != nil {
				return nil, err
			}
		}
	}
	for _, l := range book.Leaving {
		if value, given := changes[l.Key]; given && value != nil {
			return nil, errColumnBusy
		}
	}
	return out, nil
}

// AddColumn appends a column.
func (a *columns) AddColumn(ctx context.Context, by Actor, col Column) (Column, error) {
	err := col.check()
	if err == nil {
		err = changeColumns(ctx, a.users, func(b *ColumnBook) error {
			if err := a.free(b, col.Key); err != nil {
				return err
			}
			if len(b.Columns) >= MaxColumns {
				return errColumnLimit
			}
			b.Columns = append(b.Columns, col)
			return nil
		})
	}
	return col, a.columnDone(ctx, by, audit.EventColumnAdded, col.Key, err)
}

// free rejects a key that is taken by a column or still has values being moved.
func (a *columns) free(b *ColumnBook, key string) error {
	switch {
	case b.find(key) >= 0 || a.configured(key):
		return errColumnTaken
	case b.busy(key):
		return errColumnBusy
	}
	return nil
}

// ColumnChange is a change of a column; nil fields stay as they are. The type cannot change, because the values have
// it.
type ColumnChange struct {
	Key      *string // the values of all accounts are moved there in the background
	Label    *string
	Choices  *[]string
	Listed   *bool
	Position *int // in the table, from 1, not counting the fields of `signup`
}

// ChangeColumn changes a column and returns the result.
func (a *columns) ChangeColumn(ctx context.Context, by Actor, key string, ch ColumnChange) (col Column, err error) {
	what := key
	err = changeColumns(ctx, a.users, func(b *ColumnBook) error {
		at, err := a.own(b, key)
		if err != nil {
			return err
		}
		col = b.Columns[at]
		set(&col.Key, ch.Key)
		set(&col.Label, ch.Label)
		set(&col.Choices, ch.Choices)
		set(&col.Listed, ch.Listed)
		if err := col.check(); err != nil {
			return err
		}
		if what = key; col.Key != key {
			if err := a.rename(b, key, col.Key); err != nil {
				return err
			}
			what = key + " renamed to " + col.Key
		}
		b.Columns = slices.Delete(b.Columns, at, at+1)
		if ch.Position != nil {
			at = min(max(*ch.Position-1, 0), len(b.Columns))
		}
		b.Columns = slices.Insert(b.Columns, at, col)
		return nil
	})
	return col, a.columnDone(ctx, by, audit.EventColumnChanged, what, err)
}

func set[T any](dst *T, to *T) {
	if to != nil {
		*dst = *to
	}
}

// own returns the index of a column, or why it cannot be changed here.
func (a *columns) own(b *ColumnBook, key string) (int, error) {
	if a.configured(key) {
		return 0, errColumnFixed
	}
	at := b.find(key)
	if at < 0 {
		return 0, problem.NotFound
	}
	return at, nil
}

// rename schedules the move of the values. Moves never overlap, so that no value can be lost between two of them.
func (a *columns) rename(b *ColumnBook, key, to string) error {
	if err := a.free(b, to); err != nil {
		return err
	}
	if b.busy(key) {
		return errColumnBusy
	}
	b.Leaving = append(b.Leaving, Leaving{Key: key, To: to, Since: a.now().UTC()})
	return nil
}

// RemoveColumn removes a column and schedules the removal of its values from all accounts, unless keep leaves them as
// attributes without a column.
func (a *columns) RemoveColumn(ctx context.Context, by Actor, key string, keep bool) error {
	what := key
	if keep {
		what += " values kept"
	}
	err := changeColumns(ctx, a.users, func(b *ColumnBook) error {
		at, err := a.own(b, key)
		if err != nil {
			return err
		}
		if b.busy(key) {
			return errColumnBusy
		}
		b.Columns = slices.Delete(b.Columns, at, at+1)
		if !keep {
			b.Leaving = append(b.Leaving, Leaving{Key: key, Since: a.now().UTC()})
		}
		return nil
	})
	return a.columnDone(ctx, by, audit.EventColumnRemoved, what, err)
}

// columnDone records an act on a column. A refusal is recorded by its code alone: the key is unvalidated input.
func (a *columns) columnDone(ctx context.Context, by Actor, kind, what string, err error) error {
	err = Problem(err)
	var p *problem.Problem
	switch {
	case err == nil:
		a.core.Emit(ctx, by, audit.Event{Kind: kind, Result: audit.ResultOK, Reason: what})
	case errors.As(err, &p) && p.Code != problem.NotFound.Code:
		a.core.Emit(ctx, by, audit.Event{Kind: kind, Result: audit.ResultRefused, Reason: p.Code})
	}
	return err
}
