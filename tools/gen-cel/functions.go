// Prints the signatures of the functions of Kubernetes' CEL environment as JSON, a function a line.
package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/google/cel-go/checker"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"
)

func main() {
	// An API server of 1.37 must be able to go back to 1.36; stored expressions may use everything.
	base := environment.MustBaseEnvSet(version.MajorMinor(1, 36))
	env, err := base.StoredExpressionsEnv().Extend(library.JSONPatch())
	if err != nil {
		panic(err)
	}
	var names []string
	functions := env.Functions()
	for name := range functions {
		names = append(names, name)
	}
	sort.Strings(names)
	var lines []string
	for _, name := range names {
		var overloads []any
		for _, overload := range functions[name].OverloadDecls() {
			args := []string{}
			for _, arg := range overload.ArgTypes() {
				args = append(args, checker.FormatCELType(arg))
			}
			member := 0
			if overload.IsMemberFunction() {
				member = 1
			}
			overloads = append(overloads, []any{overload.ID(), member, args, checker.FormatCELType(overload.ResultType())})
		}
		line, err := json.Marshal(overloads)
		if err != nil {
			panic(err)
		}
		lines = append(lines, fmt.Sprintf("  %q: %s", name, line))
	}
	fmt.Printf("{\n%s\n}\n", strings.Join(lines, ",\n"))
}

