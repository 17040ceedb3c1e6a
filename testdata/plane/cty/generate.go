package main

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"math/rand"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// generator makes random types and values; equal seeds make equal ones.
type generator struct {
	*rand.Rand
}

func newGenerator(seed int64) generator {
	return generator{rand.New(rand.NewSource(seed))}
}

func (g generator) item() (item, error) {
	ty := g.typ(g.Intn(4), true)
	// Half of the values may be unknown in part; the others have a JSON form.
	value := g.value(ty, g.Intn(2) == 0)
	typeJSON, err := ctyjson.MarshalType(ty)
	if err != nil {
		return item{}, err
	}
	result, err := encode(value, ty)
	return item{Type: typeJSON, encoded: result}, err
}

func (g generator) primitive() cty.Type {
	return []cty.Type{cty.Bool, cty.Number, cty.String}[g.Intn(3)]
}

func (g generator) typ(depth int, dynamic bool) cty.Type {
	if depth == 0 {
		if dynamic && g.Intn(6) == 0 {
			return cty.DynamicPseudoType
		}
		return g.primitive()
	}
	// The elements of a collection are of one type, so an open type inside one would have to be decided for all of
	// them at once: go-cty panics on a mixture. Objects and tuples have no such bond.
	switch g.Intn(7) {
	case 0:
		return cty.List(g.typ(depth-1, false))
	case 1:
		return cty.Set(g.typ(depth-1, false))
	case 2:
		return cty.Map(g.typ(depth-1, false))
	case 3:
		types := make([]cty.Type, g.Intn(4))
		for i := range types {
			types[i] = g.typ(depth-1, dynamic)
		}
		return cty.Tuple(types)
	case 4, 5:
		types := map[string]cty.Type{}
		for range g.Intn(5) {
			types[g.name()] = g.typ(depth-1, dynamic)
		}
		return cty.Object(types)
	default:
		return g.typ(depth-1, dynamic)
	}
}

func (g generator) name() string {
	if g.Intn(10) == 0 {
		return g.text()
	}
	return fmt.Sprintf("%c%d", 'a'+rune(g.Intn(26)), g.Intn(20))
}

// fragments are what texts are made of: plain, combining, decomposed, joined, right to left, beyond the first plane.
var fragments = []string{
	"a", "Z", "0", " ", "-", "/", "\"", "\\", "\n", "\x00", "\x7f", "<", "&", "\u00e9", "e\u0301", "\u0301", "\u0323",
	"\u1100\u1161\u11a8", "\uac01", "\ufb01", "\u212b", "\u00df", "\u05d0\u05bc", "\ufffd", "\ufeff", "\u2028",
	"\U0001f468\u200d\U0001f469", "\U0001f1e9", "\U0001d15e", "\U0010ffff", "日本", "ｶﾞ", "host.example.net",
}

// text is in the normal form, because two keys that differ only in form would be one, and chance would choose its value.
// What is not normal is for the other side to make.
func (g generator) text() string {
	var text strings.Builder
	count := g.Intn(6)
	if g.Intn(50) == 0 {
		count = g.Intn(400)
	}
	for range count {
		text.WriteString(fragments[g.Intn(len(fragments))])
	}
	return cty.NormalizeString(text.String())
}

// number makes numbers of cty's own precision: one made from a Go float would keep that float's 53 bits, and be
// printed with fewer digits than it has.
func (g generator) number() *big.Float {
	result := new(big.Float).SetPrec(512)
	switch g.Intn(9) {
	case 0:
		return result.SetInt64(int64(g.Intn(300) - 150))
	case 1:
		return result.SetInt64(int64(g.Uint64()))
	case 2:
		return result.SetUint64(g.Uint64())
	case 3:
		return result.SetInt64([]int64{0, 127, 128, -32, -33, 255, 256, 65535, 65536, math.MaxInt32, math.MaxUint32,
			math.MaxInt64, math.MinInt64}[g.Intn(13)])
	case 4:
		return result.SetFloat64(g.NormFloat64())
	case 5:
		// Most of these are very large or very small, and their digits take long to print.
		if g.Intn(8) > 0 {
			return result.SetFloat64(math.Ldexp(float64(g.Int63()), -g.Intn(80)))
		}
		for {
			if float := math.Float64frombits(g.Uint64()); !math.IsNaN(float) && !math.IsInf(float, 0) {
				return result.SetFloat64(float)
			}
		}
	case 6:
		return g.parsed(fmt.Sprintf("%d.%0*d", g.Intn(1000), 1+g.Intn(12), g.Intn(100000)))
	case 7:
		digits := make([]byte, 1+g.Intn(250))
		for i := range digits {
			digits[i] = byte('0' + g.Intn(10))
		}
		exponents := 60
		if g.Intn(8) == 0 {
			exponents = 600
		}
		return g.parsed(fmt.Sprintf("%se%d", digits, g.Intn(exponents)-exponents/2))
	default:
		// The result of a division: all 512 bits are used.
		return result.Quo(result.SetInt64(int64(1+g.Intn(1000))), new(big.Float).SetPrec(512).SetInt64(int64(1+g.Intn(1000))))
	}
}

func (g generator) parsed(text string) *big.Float {
	value := cty.MustParseNumberVal(text)
	return value.AsBigFloat()
}

func (g generator) value(ty cty.Type, unknown bool) cty.Value {
	if g.Intn(12) == 0 {
		return cty.NullVal(ty)
	}
	if unknown && g.Intn(6) == 0 {
		return g.unknown(ty)
	}
	switch {
	case ty == cty.DynamicPseudoType:
		return g.value(g.typ(g.Intn(3), false), unknown)
	case ty == cty.Bool:
		return cty.BoolVal(g.Intn(2) == 0)
	case ty == cty.Number:
		return cty.NumberVal(g.number())
	case ty == cty.String:
		return cty.StringVal(g.text())
	case ty.IsListType():
		if values := g.values(ty.ElementType(), unknown); len(values) > 0 {
			return cty.ListVal(values)
		}
		return cty.ListValEmpty(ty.ElementType())
	case ty.IsSetType():
		if values := g.values(ty.ElementType(), unknown); len(values) > 0 {
			return cty.SetVal(values)
		}
		return cty.SetValEmpty(ty.ElementType())
	case ty.IsMapType():
		members := map[string]cty.Value{}
		for _, value := range g.values(ty.ElementType(), unknown) {
			// MapVal normalises keys; of two that become one, which stays would be left to the order of a Go map.
			members[cty.NormalizeString(g.text())] = value
		}
		if len(members) > 0 {
			return cty.MapVal(members)
		}
		return cty.MapValEmpty(ty.ElementType())
	case ty.IsTupleType():
		values := []cty.Value{}
		for _, element := range ty.TupleElementTypes() {
			values = append(values, g.value(element, unknown))
		}
		return cty.TupleVal(values)
	default:
		members := map[string]cty.Value{}
		attributes := ty.AttributeTypes()
		for _, name := range slices.Sorted(maps.Keys(attributes)) {
			members[name] = g.value(attributes[name], unknown)
		}
		return cty.ObjectVal(members)
	}
}

func (g generator) values(ty cty.Type, unknown bool) []cty.Value {
	count := g.Intn(4)
	if ty.IsPrimitiveType() && g.Intn(40) == 0 {
		count = g.Intn(100)
	}
	values := make([]cty.Value, count)
	for i := range values {
		values[i] = g.value(ty, unknown)
	}
	return values
}

func (g generator) unknown(ty cty.Type) cty.Value {
	value := cty.UnknownVal(ty)
	if ty == cty.DynamicPseudoType || g.Intn(2) == 0 {
		return value
	}
	builder := value.Refine()
	if g.Intn(2) == 0 {
		builder = builder.NotNull()
	}
	switch {
	case ty == cty.String && g.Intn(2) == 0:
		if g.Intn(2) == 0 {
			builder = builder.StringPrefix(g.text())
		} else {
			builder = builder.StringPrefixFull(g.text())
		}
	case ty == cty.Number:
		a, b := g.number(), g.number()
		if a.Cmp(b) > 0 {
			a, b = b, a
		}
		if a.Cmp(b) < 0 && g.Intn(2) == 0 {
			builder = builder.NumberRangeLowerBound(cty.NumberVal(a), g.Intn(2) == 0)
		}
		if a.Cmp(b) < 0 && g.Intn(2) == 0 {
			builder = builder.NumberRangeUpperBound(cty.NumberVal(b), g.Intn(2) == 0)
		}
	case ty.IsCollectionType():
		least := g.Intn(5)
		if g.Intn(2) == 0 {
			builder = builder.CollectionLengthLowerBound(least)
		}
		if g.Intn(2) == 0 {
			builder = builder.CollectionLengthUpperBound(least + g.Intn(5))
		}
	}
	return builder.NewValue()
}
