package sql

import (
	"context"
	stdsql "database/sql"
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/store"
)

// touchBatch is how many uses one statement writes. Fewer are filled up by repeating the last, so that databases see
// one statement and not a hundred.
const touchBatch = 64

// TouchSessions moves the last use of families forward.
func (e *embedded) TouchSessions(ctx context.Context, uses []store.Use) error {
	for len(uses) > 0 {
		batch := uses[:min(touchBatch, len(uses))]
		uses = uses[len(batch):]
		query := touchMany(e.s.d, touchBatch)
		if len(batch) == 1 {
			query = touchMany(e.s.d, 1)
		}
		args := make([]any, 1, 1+2*touchBatch)
		args[0] = e.s.now()
		for _, use := range batch {
			args = append(args, use.Key[:], micros(use.Seen))
		}
		for last := batch[len(batch)-1]; len(batch) > 1 && len(args) < cap(args); {
			args = append(args, last.Key[:], micros(last.Seen))
		}
		err := e.write(ctx, "recording the use of sessions", func(ctx context.Context, tx querier) error {
			_, err := tx.ExecContext(ctx, query, args...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// touchMany is the statement for n uses: $1 the time, then key and time of each. It judges and writes a family in one
// step, so that one that ended or expired stays so.
func touchMany(d dialect, n int) string {
	var values strings.Builder
	for i := range n {
		if i > 0 {
			values.WriteString(", ")
		}
		values.WriteString("(CAST($" + strconv.Itoa(2*i+2) + " AS " + d.blob() + "), CAST($" + strconv.Itoa(2*i+3) + " AS BIGINT))")
	}
	return `UPDATE sign_ins AS f SET last_seen = w.seen
		FROM (SELECT s.sign_in, MAX(v.column2) AS seen FROM (VALUES ` + values.String() + `) AS v
			JOIN sessions s ON s.key = v.column1 GROUP BY s.sign_in) AS w
		WHERE f.id = w.sign_in AND f.last_seen < w.seen AND ` + lives
}

// ProveSession records a proof on the family and changes the key of one session of it.
func (e *embedded) ProveSession(ctx context.Context, old, new store.Key, p store.Proof) error {
	return e.change(ctx, "recording a proof", func(ctx context.Context, tx querier) (userID string, err error) {
		var signIn, id, text string
		err = tx.QueryRowContext(ctx, `SELECT f.id, s.id, f.user_id, f.proofs FROM sessions s JOIN sign_ins f ON f.id = s.sign_in
			WHERE `+lives+` AND s.key = $2`+ofFamily(e.s.d.update()), e.s.now(), old[:]).Scan(&signIn, &id, &userID, &text)
		if err != nil {
			return "", err
		}
		// A call that lost the race for the family finds the key gone here, and all is undone.
		res, err := tx.ExecContext(ctx, `UPDATE sessions SET key = $2, secret_since = 0, offered = 0 WHERE key = $1`, old[:], new[:])
		if err := atLeastOne(res, err, stdsql.ErrNoRows); err != nil {
			return "", e.refused(err)
		}
		if _, err = tx.ExecContext(ctx, `DELETE FROM session_secrets WHERE session = $1`, id); err != nil {
			return "", err
		}
		proofs, err := decodeProofs(text)
		if err != nil {
			return "", err
		}
		if text, err = proofsText(append(proofs, p)); err != nil {
			return "", err
		}
		_, err = tx.ExecContext(ctx, `UPDATE sign_ins SET proofs = $2 WHERE id = $1`, signIn, text)
		return userID, err
	})
}

// ofFamily narrows a lock to the row of the family, where there are locks.
func ofFamily(lock string) string {
	if lock == "" {
		return ""
	}
	return lock + " OF f"
}
