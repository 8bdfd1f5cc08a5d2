use super::*;

fn one<'a>(json: &'a Json<'a>) -> Value<'a> {
    json.documents().next().expect("a document")
}

#[test]
fn reads_values_with_their_places() {
    let text = r#"{"a": [1, "x\u00e9\n", true, null], "b": {"c": -2.5e3}}"#;
    let j = Json::parse(text);
    assert!(j.errors.is_empty(), "{:?}", j.errors);
    let v = one(&j);
    let items: Vec<_> = v.get("a").unwrap().items().map(Value::raw).collect();
    assert_eq!(items, ["1", r#""x\u00e9\n""#, "true", "null"]);
    assert_eq!(
        v.get("a").unwrap().items().nth(1).unwrap().str().unwrap(),
        "xé\n"
    );
    assert_eq!(v.get("b").unwrap().raw(), r#"{"c": -2.5e3}"#);
    let childless = |text| one(&Json::parse(text)).is_childless();
    assert_eq!(
        ["{}", "[ ]", "[0]", "{\"a\": {}}"].map(childless),
        [true, true, false, false]
    );
    assert_eq!(v.get_ci("B").unwrap().get("c").unwrap().raw(), "-2.5e3");
}

#[test]
fn takes_what_real_files_hold() {
    let text = "// c\n{\"a\": 1, /* x */ \"b\": [1,2,],}\n{\"second\": 2}";
    let j = Json::parse(text);
    assert!(j.errors.is_empty(), "{:?}", j.errors);
    assert_eq!(j.documents().count(), 2);
}

#[test]
fn cut_text_keeps_what_was_read_and_says_so() {
    for cut in [
        "{\"a\": [1, {\"b\": \"x",
        "{\"a\": [1, {\"b\":",
        "{\"a\": [1, {\"b\"",
        "{\"a\": [1,",
    ] {
        let j = Json::parse(cut);
        assert!(!j.errors.is_empty(), "{cut}");
        assert_eq!(
            one(&j).get("a").unwrap().items().next().unwrap().int(),
            Some(1),
            "{cut}"
        );
    }
}

#[test]
fn depth_needs_no_stack_and_has_an_end() {
    let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    let deepest = nested(Json::MAX_DEPTH);
    let j = Json::parse(&deepest);
    assert_eq!((j.depth, j.errors.as_slice()), (Json::MAX_DEPTH, &[][..]));
    let deeper = nested(Json::MAX_DEPTH + 1);
    let j = Json::parse(&deeper);
    assert_eq!(j.depth, Json::MAX_DEPTH);
    assert_eq!(j.errors[0].span.start as usize, Json::MAX_DEPTH);
}

proptest::proptest! {
    #[test]
    fn never_panics_and_spans_lie_on_boundaries(text in "[\\[\\]{},:\"\\\\ a0é/*\\n-]{0,60}") {
        let j = Json::parse(&text);
        for n in &j.nodes {
            proptest::prop_assert!(text.get(n.span.range()).is_some());
        }
        let mut todo: Vec<_> = j.documents().collect();
        while let Some(v) = todo.pop() {
            todo.extend(v.items());
            todo.extend(v.members().map(|(_, v)| v));
        }
        for e in &j.errors {
            proptest::prop_assert!(text.get(e.span.range()).is_some(), "{e:?}");
        }
    }
}
