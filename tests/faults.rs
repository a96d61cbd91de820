//! What goes wrong around the service, told with the real binary: nothing acknowledged is lost, and it says what and where.

mod crash;
mod database;
mod disk;
mod limits;
mod slow;
mod start;
mod stop;
mod workers;

/// A number without a figure in it: a figure that no abstract holds would have to be acknowledged.
fn in_letters(number: i64) -> String {
    number.to_string().bytes().map(|digit| char::from(b'a' + digit.wrapping_sub(b'0'))).collect()
}
