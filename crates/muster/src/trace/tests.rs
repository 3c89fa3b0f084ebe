use muster_scenario::{Action, Percent};
use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<Vec<Row>, String> {
    let mut rows = Rows::new(Columns::new(None, None, None));
    let read = rows.read(text, Layout::of(text));
    read.map_err(|error| format!("{:#}", anyhow::Error::new(error)))?;
    Ok(rows.rows)
}

/// Action and device of each row.
fn said(text: &str) -> Vec<(String, String)> {
    let rows = read(text).unwrap();
    rows.into_iter()
        .map(|row| (row.action.unwrap_or_default(), row.device.unwrap_or_default()))
        .collect()
}

fn pair(action: &str, device: &str) -> (String, String) {
    (action.to_owned(), device.to_owned())
}

#[test]
fn a_table_is_read_whatever_separates_its_cells() {
    for text in [
        "at,action,device\n1,lock,A\n2,sync,B\n",
        "\u{feff}at;action;device\r\n1;lock;A\r\n\r\n2;sync;B",
        "\n  AT \tAction\tDevice-Id\n1\tlock\tA\n2\tsync\tB\n\n",
        "note,at,action,device\n\"a, b\n\"\"c\"\"\",1,lock,A\n\"\",\"2\",\"sync\",\"B\"\n",
    ] {
        assert_eq!(said(text), [pair("lock", "A"), pair("sync", "B")], "{text:?}");
    }
}

#[test]
fn json_is_read_as_an_array_as_an_answer_and_as_lines() {
    let (one, two) = (
        r#"{"time": 1, "operationName": "lock", "resources": [{"resourceId": "A"}]}"#,
        r#"{"time": "2s", "action": null, "activity": "sync", "device": "B", "value": 7}"#,
    );
    for text in [
        format!("[{one}, {two}]"),
        format!(r#"{{"@odata.context": "x", "value": [{one}, {two}]}}"#),
        format!("{one}\n{two}\n"),
        format!("  {one} {two}"),
    ] {
        assert_eq!(said(&text), [pair("lock", "A"), pair("sync", "B")], "{text}");
    }
}

#[test]
fn a_page_that_is_followed_by_others_says_so() {
    let mut rows = Rows::new(Columns::new(None, None, None));
    rows.read(r#"{"value": [], "@odata.nextLink": "https://next"}"#, Layout::Json).unwrap();
    assert!(rows.has_more());
    rows.read(r#"{"value": []}"#, Layout::Json).unwrap();
    assert!(!rows.has_more(), "the last is there");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, wrong) in [
        ("at,action\n1,lock\n\n\"2,sync\n", "line 4: the quotation mark that opens here is never"),
        ("at,action\n1\n", "line 2: 1 cells, and the row with the names of the columns has 2"),
        ("at,action\nsoon,lock\n", "line 2: `soon` is no instant"),
        ("when,action\n1,lock\n", "line 2: nothing says when: there are when, action"),
        ("at,action\n1,lock\n2026-01-01,lock\n", "line 3: `2026-01-01T00:00:00Z`: a trace has"),
        ("[{\"at\": 1},\n{\"at\": \"soon\"}]", "line 2"),
        ("[{\"at\": 1},\n", "EOF while parsing"),
        ("{\"value\": [3]}", "expected a map"),
    ] {
        let refused = read(text).unwrap_err();
        assert!(refused.contains(wrong), "{refused}");
    }
    let long = format!("at,action\n1,\"{}\"\n", "x".repeat(ROW_BYTES_MAX + 1));
    assert!(read(&long).unwrap_err().starts_with("line 2: a row of more than"));
    let wide = format!("at,action\n{}", ",".repeat(ROW_BYTES_MAX + 1));
    assert!(read(&wide).unwrap_err().starts_with("line 2: 1048578 cells"));
}

#[test]
fn a_trace_of_too_many_rows_is_refused() {
    let mut rows = Rows { most: 2, ..Rows::new(Columns::new(None, None, None)) };
    rows.read("at,action\n1,a\n2,b\n", Layout::Csv).unwrap();
    let refused = rows.read("{\"at\": 3}", Layout::Json).unwrap_err();
    assert!(format!("{:#}", anyhow::Error::new(refused)).contains("2 rows at most: divide it"));
}

#[test]
fn every_row_is_taken_or_left_out_for_a_reason() {
    let rows = read(
        "at,action,device\n9,lock,A\n1,sync,A\n5,sync,B\n6,frob,A\n7,,A\n10,sync,B\n5.5,sync,C\n",
    );
    let taking = Taking {
        words: &Words::new(&[]),
        from: When::parse("5"),
        to: When::parse("10"),
        thin: Percent::parse("50%").unwrap(),
    };
    let taken = taking.of(&rows.unwrap());
    let LeftOut { nameless, outside, thinned, .. } = taken.left_out;
    assert_eq!((nameless, outside, thinned), (1, 2, 1));
    assert_eq!(taken.left_out.most_frequent(5), [("frob", 1)]);
    assert_eq!(taken.devices, 3);
    assert_eq!(taken.lasts.as_secs(), 5);
    assert_eq!(taken.instants[&Action::Lock][0].as_secs(), 4);
    assert_eq!(taken.instants[&Action::Sync].len(), 1);
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in ".*", body in "[\\[\\]{}\",:;\\\\a-z0-9\\n\\r\\t ]*") {
        for text in [&text, &body, &format!("at,action\n{body}"), &format!("[{body}")] {
            for layout in [Layout::Csv, Layout::Json] {
                let mut rows = Rows::new(Columns::new(None, None, None));
                drop(rows.read(text, layout));
            }
        }
    }

    #[test]
    fn whatever_stands_in_a_cell_comes_out_of_it(
        cells in proptest::collection::vec("[^\u{feff}]{1,20}", 1..20),
    ) {
        let quoted = |cell: &String| format!("\"{}\",7\n", cell.replace('"', "\"\""));
        let text = format!("action,at\n{}", cells.iter().map(quoted).collect::<String>());
        let found: Vec<String> = said(&text).into_iter().map(|(action, _)| action).collect();
        let expected: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
        prop_assert_eq!(found, expected);
    }
}
