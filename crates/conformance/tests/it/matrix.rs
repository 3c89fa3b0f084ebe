//! The format of a matrix.

use muster_conformance::matrix::Matrix;

/// `WRITE_SCHEMA=1` writes it.
#[test]
fn the_schema_of_a_matrix_is_the_one_that_is_checked_in() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/schemas/conformance-matrix.schema.json"
    );
    let schema = format!("{:#}\n", Matrix::schema());
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), schema, "WRITE_SCHEMA=1 writes it anew");
}
