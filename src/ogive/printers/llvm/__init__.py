"""LLVM's language: the builder of its text, and programs written in it."""

from ogive.printers.llvm.arithmetic import NEAR, Arithmetic, define_program
from ogive.printers.llvm.body import define_function
from ogive.printers.llvm.builder import Block, Function, Module
from ogive.printers.llvm.notation import I32, I64, POINTER, VOID, Type, vector
from ogive.printers.llvm.printer import LLVMPrinter
from ogive.printers.llvm.typed_values import Register

__all__ = [
    "I32",
    "I64",
    "NEAR",
    "POINTER",
    "VOID",
    "Arithmetic",
    "Block",
    "Function",
    "LLVMPrinter",
    "Module",
    "Register",
    "Type",
    "define_function",
    "define_program",
    "vector",
]
