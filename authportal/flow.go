package authportal

// LoginURL returns where somebody must go who lacks a session, or meets a demand no longer: the login page of the visit's
// site, which comes back to the path and query `to`, as sent. to never names a host.
func (p *Portal) LoginURL(v *Visit, to string, d Demand) string {
	return v.Base + "/login"
}
