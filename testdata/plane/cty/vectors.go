package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// named is a value with a name that the other side's expectations are kept under.
type named struct {
	name  string
	ty    cty.Type
	value cty.Value
}

// chosen are the values that each show one thing.
func chosen() []named {
	object := cty.Object(map[string]cty.Type{"b": cty.Number, "a": cty.String})
	text := cty.UnknownVal(cty.String).Refine()
	number := cty.UnknownVal(cty.Number).Refine()
	list := cty.UnknownVal(cty.List(cty.String)).Refine()
	return []named{
		{"null string", cty.String, cty.NullVal(cty.String)},
		{"null open", cty.DynamicPseudoType, cty.NullVal(cty.DynamicPseudoType)},
		{"null string, open", cty.DynamicPseudoType, cty.NullVal(cty.String)},
		{"null list", cty.List(cty.String), cty.NullVal(cty.List(cty.String))},
		{"true", cty.Bool, cty.True},
		{"empty text", cty.String, cty.StringVal("")},
		{"composed text", cty.String, cty.StringVal("e\u0301")},
		{"jamo", cty.String, cty.StringVal("\u1100\u1161\u11a8")},
		{"text of 31", cty.String, cty.StringVal(strings.Repeat("a", 31))},
		{"text of 32", cty.String, cty.StringVal(strings.Repeat("a", 32))},
		{"text of 256", cty.String, cty.StringVal(strings.Repeat("a", 256))},
		{"0", cty.Number, cty.Zero},
		{"127", cty.Number, cty.NumberIntVal(127)},
		{"128", cty.Number, cty.NumberIntVal(128)},
		{"-32", cty.Number, cty.NumberIntVal(-32)},
		{"-33", cty.Number, cty.NumberIntVal(-33)},
		{"65536", cty.Number, cty.NumberIntVal(65536)},
		{"-129", cty.Number, cty.NumberIntVal(-129)},
		{"9223372036854775807", cty.Number, cty.NumberIntVal(math.MaxInt64)},
		{"-9223372036854775808", cty.Number, cty.NumberIntVal(math.MinInt64)},
		{"9223372036854775808", cty.Number, cty.MustParseNumberVal("9223372036854775808")},
		{"18446744073709551615", cty.Number, cty.NumberUIntVal(math.MaxUint64)},
		{"0.5", cty.Number, cty.MustParseNumberVal("0.5")},
		{"0.1", cty.Number, cty.MustParseNumberVal("0.1")},
		{"-1.5", cty.Number, cty.MustParseNumberVal("-1.5")},
		{"10000000000000000000000", cty.Number, cty.MustParseNumberVal("1e22")},
		{"a third", cty.Number, cty.MustParseNumberVal("1").Divide(cty.MustParseNumberVal("3"))},
		{"1e-300", cty.Number, cty.MustParseNumberVal("1e-300")},
		{"empty list", cty.List(cty.String), cty.ListValEmpty(cty.String)},
		{"list", cty.List(cty.Number), cty.ListVal([]cty.Value{cty.NumberIntVal(2), cty.NumberIntVal(1)})},
		{"list with null", cty.List(cty.String), cty.ListVal([]cty.Value{cty.NullVal(cty.String), cty.StringVal("a")})},
		{"set", cty.Set(cty.String), cty.SetVal([]cty.Value{cty.StringVal("b"), cty.StringVal("a"), cty.StringVal("b")})},
		{"map", cty.Map(cty.Bool), cty.MapVal(map[string]cty.Value{"b": cty.False, "a": cty.True})},
		{"empty object", cty.EmptyObject, cty.EmptyObjectVal},
		{"object", object, cty.ObjectVal(map[string]cty.Value{"b": cty.NumberIntVal(1), "a": cty.StringVal("x")})},
		{"object with null", object, cty.ObjectVal(map[string]cty.Value{"b": cty.NullVal(cty.Number), "a": cty.StringVal("x")})},
		{"tuple", cty.Tuple([]cty.Type{cty.Bool, cty.String}), cty.TupleVal([]cty.Value{cty.True, cty.StringVal("x")})},
		{"open text", cty.DynamicPseudoType, cty.StringVal("x")},
		{"open object", cty.DynamicPseudoType, cty.ObjectVal(map[string]cty.Value{"a": cty.StringVal("x")})},
		{"open in a tuple", cty.Tuple([]cty.Type{cty.DynamicPseudoType}), cty.TupleVal([]cty.Value{cty.True})},
		{"unknown text", cty.String, cty.UnknownVal(cty.String)},
		{"unknown open", cty.DynamicPseudoType, cty.DynamicVal},
		{"unknown open text", cty.DynamicPseudoType, cty.UnknownVal(cty.String)},
		{"not null", cty.String, text.NotNull().NewValue()},
		{"not null bool", cty.Bool, cty.UnknownVal(cty.Bool).RefineNotNull()},
		{"not null object", object, cty.UnknownVal(object).RefineNotNull()},
		{"prefix", cty.String, cty.UnknownVal(cty.String).Refine().NotNull().StringPrefixFull("https://").NewValue()},
		{"open prefix", cty.DynamicPseudoType, cty.UnknownVal(cty.String).Refine().StringPrefixFull("a").NewValue()},
		{"bounds", cty.Number, number.NotNull().NumberRangeLowerBound(cty.NumberIntVal(1), true).NumberRangeUpperBound(cty.MustParseNumberVal("0.1e2"), false).NewValue()},
		{"lower bound", cty.Number, cty.UnknownVal(cty.Number).Refine().NumberRangeLowerBound(cty.MustParseNumberVal("0.1"), false).NewValue()},
		{"lengths", cty.List(cty.String), list.NotNull().CollectionLengthLowerBound(1).CollectionLengthUpperBound(300).NewValue()},
		{"set with unknown", cty.Set(cty.String), cty.SetVal([]cty.Value{cty.UnknownVal(cty.String), cty.StringVal("a")})},
	}
}

// vectors are the chosen values, and some at random.
func vectors() []func() (item, error) {
	var result []func() (item, error)
	for _, one := range chosen() {
		result = append(result, func() (item, error) {
			typeJSON, err := ctyjson.MarshalType(one.ty)
			if err != nil {
				return item{}, err
			}
			forms, err := encode(one.value, one.ty)
			return item{Name: one.name, Type: typeJSON, encoded: forms}, err
		})
	}
	source := newGenerator(1)
	for index := range 150 {
		result = append(result, func() (item, error) {
			made, err := source.item()
			made.Name = fmt.Sprintf("random %d", index)
			return made, err
		})
	}
	return result
}
