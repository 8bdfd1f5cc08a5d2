//! The tables that are there once the commands of a file have been carried out, in the order of nft(8).
