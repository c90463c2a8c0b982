package web

// Address is that of a visit, as it is stored and shown; empty where it is not known.
func Address(v *Visit) string {
	if !v.Addr.IsValid() {
		return ""
	}
	return v.Addr.Unmap().WithZone("").String()
}
