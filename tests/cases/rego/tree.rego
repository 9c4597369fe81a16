# METADATA
# title: x
package foo.bar["b-z"]

import data.a.b as c
import input.z
import rego.v1

# comment
default allow := false

default f(_) := 1

p contains x if { some x in input.xs; x > 1 }
q[k] := v if { some k, v in input; not v == null with input.x as 3 }
f(x, [y, _]) := z if z := (x + y) * -2 else := 3 if true else := {"a": 1}
a.b.c := 1
s contains "x"
every_ok if every k, v in [1,2] { v < 3; k != 1 }
compr := {x: y | x := input[y]}
arr := [x | x = data.foo[_].bar[0]["q"]]
st := {x | x := 1}
u := set()
t := $"hello {input.x} world"
raw := `a\n`
ref_head[x].y contains z if { x := 1; z := 2 }
in1 if 1 in [1]
in2 if "a", 1 in {"a":1}
union := a | b & c
n := 1e3
neg := -1
big := 12345678901234567890.5
deny contains msg if msg := "x"
obj.foo[bar] := 1 if some bar
call := count(x).y
some_decl if { some i, j; input[i][j] }

set_order := {"b", 2, [1], {"k": 1}, null, true, x, input.y, 1, 1.0, {3, 1}, count(z)}
key_order := {"b": 1, "a": 2, "b": 3, 1: 4}
nested := {a: {b | some b in [c | c := input[_]]} | some a, _ in input}
either := [x | y, 2]
group := (1 + 2) * (3 - x.y)
minus := -input.n
chain := a == b == c
