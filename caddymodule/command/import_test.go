package command

import (
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
)

func TestALargeFileIsSentInBatches(t *testing.T) {
	rows := make([]userfile.Row, 120)
	for i := range rows {
		rows[i].Name = strings.Repeat("x", 2000)
	}
	n, err := batchOf(rows)
	if err != nil || n < 20 || n*2000 > importBytes {
		t.Errorf("%d rows, %v", n, err)
	}
	rows[0].Name = strings.Repeat("x", importBytes)
	if _, err := batchOf(rows); err == nil {
		t.Error("a row that no request can hold is sent")
	}
}
