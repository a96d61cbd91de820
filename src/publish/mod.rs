//! Published news → bytes, pure.
