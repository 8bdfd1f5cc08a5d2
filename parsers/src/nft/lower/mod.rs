//! Tables of nftables as tables of the model.
