"""The CPU engine: programs as fused kernels, compiled by LLVM for the processor at hand."""
