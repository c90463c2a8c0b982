module example.com/stranger

go 1.26.0

require github.com/gatehouse-auth/gatehouse v0.0.0

replace github.com/gatehouse-auth/gatehouse => ../..
