package pages

import (
	"fmt"
	"html/template"
	"reflect"
	"text/template/parse"
)

// checkIDs refuses an id in a template that has no translation: {{.T "login_titel"}} would be shown on the page as it
// is. Labels and hints of inputs are ids too.
func checkIDs(t *template.Template, english *locale) error {
	for _, tmpl := range t.Templates() {
		if tmpl.Tree == nil || tmpl.Tree.Root == nil {
			continue
		}
		if err := checkTree(tmpl.Tree, english); err != nil {
			return err
		}
	}
	return nil
}

func checkTree(tree *parse.Tree, english *locale) error {
	for _, use := range idsIn(tree.Root) {
		if !english.has(use.id) {
			at, _ := tree.ErrorContext(use.node)
			return fmt.Errorf("templates: %s: there is no sentence %q%s: use one of docs/branding.md, or add it to a file of `locales` under a name that begins with own_",
				at, use.id, didYouMean(use.id, english.messages))
		}
	}
	return nil
}

// idUse is an id in a template.
type idUse struct {
	id   string
	node parse.Node
}

// idsIn returns all constant ids below a node.
func idsIn(n parse.Node) (uses []idUse) {
	walk(n, func(n parse.Node) {
		cmd, ok := n.(*parse.CommandNode)
		if !ok || len(cmd.Args) < 2 {
			return
		}
		switch method(cmd.Args[0]) {
		case "T":
			if s, ok := cmd.Args[1].(*parse.StringNode); ok {
				uses = append(uses, idUse{s.Text, s})
			}
		case "Input", "InputOf":
			for _, arg := range cmd.Args[1:] {
				if s, ok := arg.(*parse.StringNode); ok {
					if id, ok := wordID(s.Text); ok {
						uses = append(uses, idUse{id, s})
					}
				}
			}
		}
	})
	return uses
}

// method returns the last name of .T, $.T or $x.T.
func method(n parse.Node) string {
	var names []string
	switch n := n.(type) {
	case *parse.FieldNode:
		names = n.Ident
	case *parse.VariableNode:
		names = n.Ident
	case *parse.ChainNode:
		names = n.Field
	}
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// walk visits n and all nodes below it. It uses reflection, because package parse has some twenty types of nodes and no
// function to walk them.
func walk(n parse.Node, visit func(parse.Node)) {
	v := reflect.ValueOf(n)
	if n == nil || v.Kind() != reflect.Pointer || v.IsNil() {
		return
	}
	visit(n)
	v = v.Elem()
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		f := v.Field(i)
		if f.Kind() == reflect.Slice {
			for j := range f.Len() {
				if child, ok := f.Index(j).Interface().(parse.Node); ok {
					walk(child, visit)
				}
			}
		} else if f.CanInterface() {
			if child, ok := f.Interface().(parse.Node); ok {
				walk(child, visit)
			}
		}
	}
	// The list of an if, range or with is in an embedded struct.
	if f := v.FieldByName("BranchNode"); f.IsValid() && f.Kind() == reflect.Struct {
		walk(f.Addr().Interface().(*parse.BranchNode), visit)
	}
}
