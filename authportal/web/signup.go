package web

import (
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

func Or(err error, outcome *problem.Problem) error {
	if err != nil {
		return err
	}
	return outcome
}
