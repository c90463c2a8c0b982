package authportal

func (p *Portal) accountRoutes() []route { return nil }
