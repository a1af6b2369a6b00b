//! Pointers from outside, checked before they become references. The only place that trusts a caller's address.

use super::abi::{CBAD_BUFFER_TOO_SMALL, CBAD_INVALID, CBAD_NULL};
use super::error::{fail, Failure};

/// Refuses null and misaligned pointers.
pub(super) fn check<T>(name: &str, p: *const T) -> Result<(), Failure> {
    if p.is_null() {
        return fail(CBAD_NULL, format!("{name} is null"));
    }
    if !p.is_aligned() {
        return fail(CBAD_INVALID, format!("{name} is not aligned to {} bytes", std::mem::align_of::<T>()));
    }
    Ok(())
}

/// Reads one structure.
///
/// # Safety
/// A `p` that is neither null nor misaligned must be readable for `size_of::<T>()` bytes, all of them set.
pub(super) unsafe fn read<T: Copy>(name: &str, p: *const T) -> Result<T, Failure> {
    check(name, p)?;
    // SAFETY: not null, aligned, and readable by the caller's contract.
    Ok(unsafe { p.read() })
}

/// Writes one value.
///
/// # Safety
/// A `p` that is neither null nor misaligned must be writable for `size_of::<T>()` bytes.
pub(super) unsafe fn write<T: Copy>(name: &str, p: *mut T, value: T) -> Result<(), Failure> {
    check(name, p)?;
    // SAFETY: not null, aligned, and writable by the caller's contract.
    unsafe { p.write(value) };
    Ok(())
}

/// A slice of `n` elements; `n` = 0 needs no pointer.
///
/// # Safety
/// With `n` > 0, a `p` that is neither null nor misaligned must be readable for `n` elements, and nothing may
/// write to them while `'a` lasts.
pub(super) unsafe fn slice<'a, T: Copy>(name: &str, p: *const T, n: usize) -> Result<&'a [T], Failure> {
    if n == 0 {
        return Ok(&[]);
    }
    check(name, p)?;
    if n > isize::MAX as usize / std::mem::size_of::<T>() {
        return fail(CBAD_INVALID, format!("{name} cannot have {n} elements"));
    }
    // SAFETY: not null, aligned, of a size below isize::MAX, and readable and unshared by the caller's contract.
    Ok(unsafe { std::slice::from_raw_parts(p, n) })
}

/// Copies `from` to the caller's buffer of `cap` elements and writes its length to `n`, also when it does not fit.
///
/// # Safety
/// `n` as for [`write`]; with `cap` > 0, a `to` that is neither null nor misaligned must be writable for `cap` elements.
pub(super) unsafe fn copy_out<T: Copy, S>(
    name: &str,
    from: &[S],
    to: *mut T,
    cap: usize,
    n: *mut usize,
    convert: impl Fn(&S) -> T,
) -> Result<(), Failure> {
    // SAFETY: by the caller's contract.
    unsafe { write("the length's place", n, from.len())? };
    if from.len() > cap {
        return fail(CBAD_BUFFER_TOO_SMALL, format!("{name} needs room for {}, got {cap}", from.len()));
    }
    if from.is_empty() {
        return Ok(());
    }
    check(name, to)?;
    for (i, item) in from.iter().enumerate() {
        // SAFETY: i < from.len() <= cap, and `to` is writable for cap elements by the caller's contract.
        unsafe { to.add(i).write(convert(item)) };
    }
    Ok(())
}
