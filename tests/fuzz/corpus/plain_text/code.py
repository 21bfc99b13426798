#!/usr/bin/env python3
"""doc ``` fence"""
print("````")
