//! What Prometheus answers, read strictly: whatever is not of its form was not said by a Prometheus, and is no evidence.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::kube::failure::shorten;
use crate::objects::Cause;

/// What an answer holds, and what the server itself says is missing in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told<T> {
    pub(super) what: T,
    /// Its own words, where some of the data could not be reached.
    pub(super) warning: Option<String>,
}

/// The labels of a series.
pub(super) type Labels = BTreeMap<String, String>;

/// A series and its value at one time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) labels: Labels,
    pub(super) value: f64,
}

impl Sample {
    /// A label; empty where it is not there, as Prometheus has it.
    pub(super) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The name of the metric.
    pub(super) fn metric(&self) -> &str {
        self.label("__name__")
    }
}

/// A series and its values, each with its time in seconds since 1970, the oldest first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    pub(super) labels: Labels,
    pub(super) points: Vec<(f64, f64)>,
}

#[derive(Deserialize)]
struct Envelope {
    status: String,
    #[serde(default)]
    data: Value,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Results<T> {
    #[serde(rename = "resultType")]
    kind: String,
    result: T,
}

#[derive(Deserialize)]
struct OfVector {
    metric: Labels,
    value: Point,
}

#[derive(Deserialize)]
struct OfMatrix {
    metric: Labels,
    values: Vec<Point>,
}

/// Time, and the value as text, since JSON has no infinity.
#[derive(Deserialize)]
struct Point(f64, String);

impl Point {
    fn value(&self) -> Option<f64> {
        self.1.parse().ok()
    }
}

/// The `data` of an answer, of whatever form.
pub(super) fn data(body: &[u8], status: u16) -> Result<Told<Value>, Cause> {
    // The parser's message may quote the body, which may be anybody's, so it is not repeated.
    let envelope: Envelope = serde_json::from_slice(body).map_err(|_| foreign(status))?;
    if envelope.status != "success" || status != 200 {
        return Err(Cause::Server { status, words: shorten(&envelope.error) });
    }
    let warning = (!envelope.warnings.is_empty()).then(|| shorten(&envelope.warnings.join("; ")));
    Ok(Told { what: envelope.data, warning })
}

fn results<T: for<'a> Deserialize<'a>>(body: &[u8], status: u16, kind: &str) -> Result<Told<T>, Cause> {
    let Told { what, warning } = data(body, status)?;
    let results: Results<T> = serde_json::from_value(what).map_err(|_| foreign(status))?;
    if results.kind == kind { Ok(Told { what: results.result, warning }) } else { Err(foreign(status)) }
}

/// The result of an instant query.
pub(super) fn vector(body: &[u8], status: u16) -> Result<Told<Vec<Sample>>, Cause> {
    let Told { what, warning } = results::<Vec<OfVector>>(body, status, "vector")?;
    let sample = |of: OfVector| Some(Sample { value: of.value.value()?, labels: of.metric });
    let what = what.into_iter().map(sample).collect::<Option<_>>().ok_or_else(|| foreign(status))?;
    Ok(Told { what, warning })
}

/// The result of a query over a range.
pub(super) fn matrix(body: &[u8], status: u16) -> Result<Told<Vec<Series>>, Cause> {
    let Told { what, warning } = results::<Vec<OfMatrix>>(body, status, "matrix")?;
    let series = |of: OfMatrix| {
        let points = of.values.iter().map(|point| Some((point.0, point.value()?))).collect::<Option<_>>()?;
        Some(Series { labels: of.metric, points })
    };
    let what = what.into_iter().map(series).collect::<Option<_>>().ok_or_else(|| foreign(status))?;
    Ok(Told { what, warning })
}

/// The result of a query for one number.
pub(super) fn scalar(body: &[u8], status: u16) -> Result<f64, Cause> {
    let point: Point = results(body, status, "scalar")?.what;
    point.value().filter(|value| value.is_finite()).ok_or_else(|| foreign(status))
}

/// The words of a failure: of Prometheus, or the beginning of whatever a proxy says.
pub(super) fn words(body: &[u8]) -> String {
    if let Ok(envelope) = serde_json::from_slice::<Envelope>(body) {
        return shorten(&envelope.error);
    }
    let text = String::from_utf8_lossy(body);
    // Pages of proxies are for browsers; their first line says as much as all of it.
    shorten(text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('<')).unwrap_or(""))
}

fn foreign(status: u16) -> Cause {
    Cause::Server { status, words: "the answer is not what Prometheus answers; is the address right?".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<Told<Vec<Sample>>, Cause> {
        vector(text.as_bytes(), 200)
    }

    #[test]
    fn a_vector_is_read_with_its_labels_and_odd_numbers() {
        let text = r#"{"status":"success","warnings":["one store did not answer"],"data":{"resultType":"vector","result":[
            {"metric":{"__name__":"up","job":"a"},"value":[1795219200.123,"1"]},
            {"metric":{},"value":[1795219200,"NaN"]},
            {"metric":{},"value":[1795219200,"+Inf"]}]}}"#;
        let told = told(text).unwrap();
        assert_eq!(told.warning.as_deref(), Some("one store did not answer"));
        assert_eq!((told.what[0].metric(), told.what[0].label("job"), told.what[0].value), ("up", "a", 1.0));
        assert_eq!(told.what[0].label("instance"), "");
        assert!(told.what[1].value.is_nan() && told.what[2].value.is_infinite());
    }

    #[test]
    fn what_no_prometheus_says_is_no_evidence() {
        for text in [
            "",
            "ok",
            "<html>sign in</html>",
            "[]",
            "{}",
            "null",
            r#"{"data":{"resultType":"vector","result":[]}}"#,
            r#"{"status":"success"}"#,
            r#"{"status":"success","data":[]}"#,
            r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,2]}]}}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"much"]}]}}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"2"]}]}}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}"#,
        ] {
            let Err(Cause::Server { words, .. }) = told(text) else { panic!("{text} was believed") };
            assert!(words.contains("not what Prometheus answers"), "{text}: {words}");
        }
        let refused = told(r#"{"status":"error","errorType":"bad_data","error":"parse error at char 3"}"#);
        assert!(refused.unwrap_err().to_string().contains("parse error at char 3"));
        // An error is one whatever its body says.
        assert!(vector(br#"{"status":"success","data":{"resultType":"vector","result":[]}}"#, 422).is_err());
    }

    #[test]
    fn numbers_and_ranges_are_read() {
        let scalar = |value: &str| {
            let text = format!(r#"{{"status":"success","data":{{"resultType":"scalar","result":[1.5,"{value}"]}}}}"#);
            super::scalar(text.as_bytes(), 200)
        };
        assert_eq!(scalar("1795219200.5"), Ok(1_795_219_200.5));
        assert!(scalar("NaN").is_err());
        let text = br#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"instance":"a"},"values":[[1,"2"],[3.5,"4"]]}]}}"#;
        assert_eq!(matrix(text, 200).unwrap().what[0].points, [(1.0, 2.0), (3.5, 4.0)]);
    }

    #[test]
    fn the_words_of_a_proxy_are_shown_without_its_page() {
        assert_eq!(words(b"<html>\n<h1>no</h1>\nBad Gateway\n"), "Bad Gateway");
        assert_eq!(words(br#"{"status":"error","error":"timed out"}"#), "timed out");
        assert_eq!(words(b""), "");
    }
}
