package caddymodule

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/gatehouse-auth/gatehouse/caddymodule/command"
)

// What the pages at the root and in docs/ tell people to write is held against the thing itself. Blocks fenced as ```caddyfile are adapted and
// provisioned. A fragment is put where it belongs, judged by its first word:
//
//	gate, portal            in a site
//	gatehouse               in the global options
//	a word of that block    in it
//
// A block with <placeholders> is a syntax: its words must be known where they are.

// block is one fenced block of a page.
type block struct {
	page string // as README.md or docs/rules.md
	line int    // of its first line
	kind string // what comes after the fence
	text string
}

func (b *block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

func pagesOfDocs(t *testing.T) map[string]string {
	t.Helper()
	pages := make(map[string]string)
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal("no pages", pattern, err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			pages[strings.TrimPrefix(filepath.ToSlash(file), "../")] = string(raw)
		}
	}
	return pages
}

func blocksOf(page, text string) (list []block) {
	var b *block
	for i, line := range strings.Split(text, "\n") {
		switch mark, isFence := strings.CutPrefix(strings.TrimSpace(line), "```"); {
		case isFence && b == nil:
			b = &block{page: page, line: i + 2, kind: mark}
		case isFence:
			list, b = append(list, *b), nil
		case b != nil:
			b.text += line + "\n"
		}
	}
	return list
}

func caddyfilesOfDocs(t *testing.T) (whole, syntax []block) {
	for page, text := range pagesOfDocs(t) {
		for _, b := range blocksOf(page, text) {
			switch {
			case b.kind != "caddyfile":
			case placeholderOfDocs.MatchString(b.text):
				syntax = append(syntax, b)
			default:
				whole = append(whole, b)
			}
		}
	}
	if len(whole) == 0 || len(syntax) == 0 {
		t.Fatal("no Caddyfiles in the docs")
	}
	return whole, syntax
}

// placeholderOfDocs matches <file>, but not the HTML of a page that an example serves.
var placeholderOfDocs = regexp.MustCompile(`<[a-z][a-z -]*>(\.\.\.|[\s|\]>]|$)`)

// inPlace puts a fragment where it belongs.
func inPlace(text string) string {
	first := strings.Fields(text)[0]
	switch first {
	case "gate", "portal":
		return "app.example.com {\n" + text + "\nrespond ok\n}\n"
	case "gatehouse":
		return "{\n" + text + "\n}\n"
	}
	if isGlobalWord(first) {
		return "{\ngatehouse {\n" + text + "\n}\n}\n"
	}
	return text
}

// isGlobalWord reports whether the global block takes word.
func isGlobalWord(word string) bool {
	if !regexp.MustCompile(`^[a-z_]+$`).MatchString(word) {
		return false
	}
	_, err := adapt("{\n\tgatehouse {\n\t\t" + word + "\n\t}\n}\n")
	return err == nil || !strings.Contains(err.Error(), fmt.Sprintf("unknown word %q in gatehouse", word))
}

// replacements are words that an example takes from another plugin, or files that it names, with what takes their place
// here.
var replacements = strings.NewReplacer(
	"on sign_in exec ", "# on sign_in exec ",
	"/etc/caddy/brand/logo.svg", "DIR/logo.svg",
	"/etc/caddy/brand/pages", "DIR/pages",
	"/etc/caddy/brand/words", "DIR/words",
)

func TestCaddyfilesOfTheDocsAdaptAndProvision(t *testing.T) {
	for _, name := range []string{"GATEHOUSE_SECRET", "REDIS_PASSWORD", "DATABASE_URL", "MAIL_PASSWORD"} {
		t.Setenv(name, strings.Repeat("x", 32))
	}
	t.Setenv("WEBHOOK_KEY", "whsec_"+strings.Repeat("x", 32))
	whole, _ := caddyfilesOfDocs(t)
	for _, b := range whole {
		t.Run(b.String(), func(t *testing.T) {
			dir := t.TempDir()
			app, err := provisioned(t, dir, brandFiles(t, dir, replacements.Replace(inPlace(b.text))))
			if err != nil {
				t.Fatal(err)
			}
			if err := app.Cleanup(); err != nil {
				t.Error(err)
			}
		})
	}
}

// brandFiles makes the files that an example names, and keeps all else that it would write inside of dir.
func brandFiles(t *testing.T, dir, text string) string {
	t.Helper()
	t.Setenv("XDG_DATA_HOME", dir)
	for _, folder := range []string{"pages", "words"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	logo := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>`
	if err := os.WriteFile(filepath.Join(dir, "logo.svg"), []byte(logo), 0o600); err != nil {
		t.Fatal(err)
	}
	return text
}

// TestWordsOfASyntaxAreKnown writes each word alone, in the blocks around it: whatever is wrong with it then, it is known.
func TestWordsOfASyntaxAreKnown(t *testing.T) {
	_, syntax := caddyfilesOfDocs(t)
	for _, b := range syntax {
		t.Run(b.String(), func(t *testing.T) {
			var around []string // first words of the blocks that are open, with sample arguments
			for _, line := range strings.Split(b.text, "\n") {
				line, inner, oneLine := strings.Cut(strings.TrimSpace(line), " {")
				if line == "" || line[0] == '#' {
					continue
				}
				if line == "}" {
					around = around[:len(around)-1]
					continue
				}
				wordIsKnown(t, around, line)
				switch {
				case !oneLine && line != "{", line == "{" && inner != "":
				case line == "{":
					around = append(around, "")
				case strings.HasSuffix(inner, "}"): // { <conditions> }: explained below
				default:
					around = append(around, withSamples(line))
				}
			}
		})
	}
}

func wordIsKnown(t *testing.T, around []string, line string) {
	t.Helper()
	word := strings.Fields(line)[0]
	if word == "{" || strings.Contains(word, ".") {
		return
	}
	text := word
	for i := len(around) - 1; i >= 0; i-- {
		text = around[i] + " {\n" + text + "\n}"
	}
	_, err := adapt(inPlace(text))
	if err != nil && regexp.MustCompile(`unknown word|unrecognized|not available in this version`).MatchString(err.Error()) {
		t.Errorf("%s: %v", line, err)
	}
}

// withSamples writes arguments for the head of a block.
func withSamples(line string) string {
	line = strings.NewReplacer("open|closed", "open", "<role>", "sample", "<who>...", "user", "<preset>...", "remote", "[<matcher>]", "",
		"[<path>...]", "").Replace(line)
	return regexp.MustCompile(`\[[^]]*\]|\.\.\.`).ReplaceAllString(line, "")
}

// commandOfDocs matches a command line of ours in a block or between backticks.
var commandOfDocs = regexp.MustCompile("(?m)(?:^|`|\\| |\\$ )(?:\\./)?caddy gatehouse ([^`\n]*(?:\n {8,}[^\n`]+)*)")

func TestCommandsOfTheDocsAreKnown(t *testing.T) {
	n := 0
	for page, text := range pagesOfDocs(t) {
		for _, found := range commandOfDocs.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(found[1], "…") {
				continue
			}
			n++
			checkCommand(t, page, strings.Join(strings.Fields(found[1]), " "))
		}
	}
	if n < 10 {
		t.Errorf("only %d commands found", n)
	}
}

// checkCommand finds the subcommand and all the flags that line names; a line without placeholders must parse as a whole.
func checkCommand(t *testing.T, page, line string) {
	t.Helper()
	root := &cobra.Command{Use: "gatehouse"}
	command.AddCommands(root)
	args := strings.Fields(strings.ReplaceAll(line, "'", ""))
	cmd, rest, err := root.Find(args)
	if err != nil {
		t.Errorf("%s: %s: %v", page, line, err)
		return
	}
	if cmd.HasSubCommands() && len(rest) > 0 && rest[0] != "…" {
		t.Errorf("%s: %s: there is no such subcommand", page, line)
	}
	for _, flag := range regexp.MustCompile(`--([a-z][a-z-]*)`).FindAllStringSubmatch(line, -1) {
		if cmd.Flags().Lookup(flag[1]) == nil && cmd.InheritedFlags().Lookup(flag[1]) == nil {
			t.Errorf("%s: %s: there is no --%s", page, line, flag[1])
		}
	}
	if strings.ContainsAny(line, "<[|…") {
		return
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%s: %s: %v", page, line, err)
	} else if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		t.Errorf("%s: %s: %v", page, line, err)
	}
}

// linkOfDocs matches the target of a relative link; files in code do not count.
var linkOfDocs = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksOfTheDocsResolve(t *testing.T) {
	pages := pagesOfDocs(t)
	for page, text := range pages {
		for _, found := range linkOfDocs.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			to := page
			if target != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(page), target))
			}
			if to == "docs/long-run.md" {
				continue // written by `integration/run.sh long`
			}
			if _, err := os.Stat(filepath.Join("..", to)); err != nil {
				t.Errorf("%s: %s leads nowhere", page, found[1])
			} else if anchor != "" && !hasHeading(pages[to], anchor) {
				t.Errorf("%s: %s: no such heading", page, found[1])
			}
		}
	}
}

// hasHeading reports whether a page has the heading that GitHub gives this anchor.
func hasHeading(text, anchor string) bool {
	for _, found := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		slug := regexp.MustCompile("[^a-z0-9 _-]").ReplaceAllString(strings.ToLower(found[1]), "")
		if strings.ReplaceAll(slug, " ", "-") == anchor {
			return true
		}
	}
	return false
}
