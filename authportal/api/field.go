package api

// InvalidField is the problem of a value that a field cannot have.
func InvalidField(field, why string) *Problem {
	return (&Problem{Status: 422, Code: "invalid_field", Detail: field + " " + why}).With("field", field)
}
